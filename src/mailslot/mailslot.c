/*
 * The folder: mailslots. A listener delivers each datagram whole, on the port's workers, and reads
 * no faster than its consumer (backpressure). A sender writes datagrams. If Windows takes the
 * slot's handle on the port, a read is pending on it; otherwise a thread reads (slot_reader.h).
 *
 * The rule is that of every strand: all state belongs to the turn. A closing mailslot reads no
 * more. It still delivers what it has read, unless its user closed it, until the time for that is
 * over. It retires when that is done, no read is pending, and the thread, if any, has ended.
 */
#include "base/clock.h"
#include "base/gate.h"
#include "base/mem.h"
#include "base/options.h"
#include "iocp/callback.h"
#include "mailslot/slot_reader.h"
#include "mailslot/slot.h"

#define MAILSLOT_AGAIN STRAND_EVENT(0) /* started, resumed, due, or a turn left work */
#define MAILSLOT_READ STRAND_EVENT(1)  /* the read's packet came */
#define MAILSLOT_CAME STRAND_EVENT(2)  /* the thread has read something, or has ended */
#define MAILSLOT_CLOSE STRAND_EVENT(3)

#define MAILSLOT__MOST_PER_TURN 64
#define MAILSLOT__LONGEST (64u * 1024 * 1024) /* of a datagram that is read only to be dropped */

struct pp_mailslot {
    strand strand;
    volatile LONG refs;
    gate gate; /* shut while the consumer takes nothing */
    pp_mailslot_options options;
    name_path path;
    datagrams unread;       /* read and not yet delivered */
    volatile LONG closed;   /* by its user: on_datagram is not called again */
    bool closing, dropping; /* dropping: closing, and delivers nothing more */
    pp_status reason;
    timer timer;   /* closing: the time-out of delivering */
    DWORD longest; /* size of a read: one byte more than max_datagram shows a longer datagram */

    bool on_port; /* then it uses the next three members, else those after them */
    kernel_handle slot;
    op read;
    bool pending;
    DWORD read_error, read_bytes;

    HANDLE plain_slot;
    bool reading; /* the thread was started and not yet freed */
    slot_reader reader;
};

void pp_mailslot_options_init(pp_mailslot_options *options)
{
    if (!options)
        return;
    *options = (pp_mailslot_options){0};
    options->name = "pipeport";
    option_set_defaults(&option_mailslot_table, options);
}

/* ---- Delivering ----------------------------------------------------------------------------- */

static void mailslot__count(pp_mailslot *m, uint32_t length)
{
    port_count(port_of(&m->strand), COUNT_DATAGRAMS_IN, 1);
    port_count(port_of(&m->strand), COUNT_BYTES_IN, length);
    if (length == 0)
        port_count(port_of(&m->strand), COUNT_DATAGRAMS_EMPTY, 1);
}

static pp_status mailslot__call(pp_mailslot *m, const char *data, uint32_t length)
{
    uint64_t began = clock_ns(), took;
    pp_status status = m->options.on_datagram(m->options.user, data, length);

    took = callback_took(port_of(&m->strand), &began);
    if (took > 0)
        log_write(&port_of(&m->strand)->log, PP_LOG_WARN,
                  "%s: on_datagram took %llu ms, longer than slow_callback_ms",
                  utf_shorten(m->path.text).text, (unsigned long long)took);
    return status;
}

/* Delivers the first datagram. False: the consumer did not take it. */
static bool mailslot__deliver_one(pp_mailslot *m)
{
    uint32_t length;
    const char *data = datagrams_first(&m->unread, &length);
    LONG seen = gate_ticket(&m->gate);

    if (length > m->options.max_datagram) {
        port_count(port_of(&m->strand), COUNT_DATAGRAMS_OVERSIZED, 1);
    } else if (m->options.on_datagram && mailslot__call(m, data, length) == PP_E_AGAIN) {
        if (!gate_shut_unless_reopened(&m->gate, seen))
            strand_raise(&m->strand, MAILSLOT_AGAIN); /* a resume came: deliver it again */
        return false;
    } else {
        mailslot__count(m, length);
    }
    datagrams_drop(&m->unread);
    return true;
}

/* False: something is left. The user closed it, the consumer took nothing, or other strands have
 * their turns first. */
static bool mailslot__deliver(pp_mailslot *m)
{
    while (!datagrams_are_empty(&m->unread)) {
        if (m->closed || gate_is_shut(&m->gate) || !mailslot__deliver_one(m))
            return false;
        if (strand_turn_is_long(&m->strand)) {
            strand_raise(&m->strand, MAILSLOT_AGAIN);
            return false;
        }
    }
    return true;
}

/* ---- On the port ---------------------------------------------------------------------------- */

static void mailslot__packet(op *o, DWORD error, DWORD bytes)
{
    pp_mailslot *m = CONTAINER_OF(o, pp_mailslot, read);

    m->read_error = error;
    m->read_bytes = bytes;
    strand_raise(&m->strand, MAILSLOT_READ);
}

static void mailslot__close_for(pp_mailslot *m, pp_status reason);

/* A datagram that is longer than the slot should take blocks the slot until a read has room
 * for it. */
static bool mailslot__make_room_for_next(pp_mailslot *m)
{
    DWORD next;

    kernel_count_other(&port_of(&m->strand)->kernel);
    if (!GetMailslotInfo(m->slot.handle, NULL, &next, NULL, NULL) || next == MAILSLOT_NO_MESSAGE ||
        next > MAILSLOT__LONGEST)
        return false;
    datagrams_close(&m->unread);
    m->longest = next > m->longest ? next : m->longest;
    return slot_reader_open_datagrams(&m->unread, m->longest);
}

static void mailslot__finish_read(pp_mailslot *m, DWORD error, DWORD bytes)
{
    if (error == ERROR_SUCCESS)
        datagrams_add(&m->unread, bytes);
    else if (error == ERROR_INSUFFICIENT_BUFFER && mailslot__make_room_for_next(m))
        return; /* the next read takes it, and delivery drops it */
    else if (!m->closing)
        mailslot__close_for(m, error_from_windows(error));
}

/* Starts a read. True: it completed at once. */
static bool mailslot__read(pp_mailslot *m)
{
    size_t room;
    char *at = datagrams_room(&m->unread, &room);
    DWORD error, bytes;

    m->pending = true;
    if (kernel_read(&port_of(&m->strand)->kernel, &m->slot, &m->read, at, m->longest, &error,
                    &bytes) == OP_PENDING)
        return false;
    m->pending = false;
    mailslot__finish_read(m, error, bytes);
    return true;
}

/* ---- By the thread -------------------------------------------------------------------------- */

static void mailslot__start_reader(pp_mailslot *m)
{
    DWORD error = slot_reader_start(&m->reader, &port_of(&m->strand)->kernel, m->plain_slot,
                                    m->longest, &m->strand, MAILSLOT_CAME);

    m->reading = true;
    if (error == ERROR_SUCCESS)
        return;
    m->reader.finished = true;
    mailslot__close_for(m, error_from_windows(error));
}

static void mailslot__reader_ended(pp_mailslot *m)
{
    if (!m->closing && m->reader.error != ERROR_SUCCESS)
        mailslot__close_for(m, error_from_windows(m->reader.error));
}

/* ---- The turn ------------------------------------------------------------------------------- */

static void mailslot__close_for(pp_mailslot *m, pp_status reason)
{
    if (m->closing)
        return;
    m->closing = true;
    m->reason = reason;
    timer_set(&m->timer, clock_ms() + m->options.deliver_timeout_ms);
    if (m->pending)
        kernel_cancel(&port_of(&m->strand)->kernel, &m->slot, &m->read);
    if (m->reading && !slot_reader_has_ended(&m->reader))
        slot_reader_stop(&m->reader);
}

/* Brings datagrams to deliver. False: none came yet, or none will. */
static bool mailslot__fill(pp_mailslot *m)
{
    if (m->on_port)
        return !m->closing && !m->pending && mailslot__read(m);
    return slot_reader_take(&m->reader, &m->unread);
}

static void mailslot__advance(pp_mailslot *m)
{
    for (int rounds = 0; mailslot__deliver(m); rounds++) {
        if (rounds == MAILSLOT__MOST_PER_TURN) {
            strand_raise(&m->strand, MAILSLOT_AGAIN); /* other strands' turns */
            return;
        }
        if (!mailslot__fill(m))
            return;
    }
}

/* For a closing mailslot: whether everything read is delivered, or never will be. */
static bool mailslot__is_delivered(pp_mailslot *m)
{
    if (m->dropping)
        return true;
    if (datagrams_are_empty(&m->unread) &&
        (m->on_port || !slot_reader_take(&m->reader, &m->unread)))
        return true;
    if (timer_runs(&m->timer)) {
        if (!gate_is_shut(&m->gate))
            strand_raise(&m->strand, MAILSLOT_AGAIN);
        return false;
    }
    m->reason = m->reason == PP_OK ? PP_E_DRAIN_TIMEOUT : m->reason;
    return true;
}

static bool mailslot__may_finish(pp_mailslot *m)
{
    return m->closing && !m->pending && (!m->reading || slot_reader_has_ended(&m->reader)) &&
           mailslot__is_delivered(m);
}

static void mailslot__unref(pp_mailslot *m)
{
    if (InterlockedDecrement(&m->refs) == 0)
        mem_free(m);
}

/* Closes what mailslot__open_slot made. */
static void mailslot__close_slot(pp_mailslot *m)
{
    kernel_close(&port_of(&m->strand)->kernel, &m->slot);
    if (m->plain_slot) {
        kernel_detach(&port_of(&m->strand)->kernel, m->plain_slot);
        m->plain_slot = NULL;
    }
    datagrams_close(&m->unread);
}

static void mailslot__finish(pp_mailslot *m)
{
    if (m->reading)
        slot_reader_free(&m->reader);
    timer_close(&m->timer);
    mailslot__close_slot(m);
    if (m->options.on_close)
        m->options.on_close(m->options.user, m->reason);
    strand_retire(&m->strand);
    mailslot__unref(m);
}

static bool mailslot__turn(strand *s, LONG events)
{
    pp_mailslot *m = CONTAINER_OF(s, pp_mailslot, strand);

    if (!m->on_port && !m->reading)
        mailslot__start_reader(m);
    if (events & MAILSLOT_READ) {
        m->pending = false;
        mailslot__finish_read(m, m->read_error, m->read_bytes);
    }
    if ((events & MAILSLOT_CAME) && slot_reader_has_ended(&m->reader))
        mailslot__reader_ended(m);
    if (events & (MAILSLOT_CLOSE | STRAND_ABORT)) {
        m->dropping = true;
        mailslot__close_for(m, PP_OK);
    }
    if (!m->dropping)
        mailslot__advance(m);
    if (events & STRAND_STOP) /* last: this turn has read what had come, in the time it had */
        mailslot__close_for(m, PP_OK);
    if (!mailslot__may_finish(m))
        return true;
    mailslot__finish(m);
    return false;
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static pp_status mailslot__init(pp_mailslot *m, pp_port *port, const pp_mailslot_options *options,
                                pp_error *error)
{
    pp_status status = name_parse(&m->path, NAME_MAILSLOT, options->name, true, "mailslot", error);

    strand_init(&m->strand, &port->strands, mailslot__turn);
    op_init(&m->read, mailslot__packet);
    m->options = *options;
    m->slot = KERNEL_NO_HANDLE;
    if (status == PP_OK)
        status = option_check(&option_mailslot_table, options, error);
    m->longest = (DWORD)options->max_datagram + 1;
    return status;
}

/* Creates the slot, on the port if Windows takes its handle. On failure nothing is left. */
static DWORD mailslot__open_slot(pp_mailslot *m, const security *s)
{
    HANDLE handle;
    DWORD error;

    if (!slot_reader_open_datagrams(&m->unread, m->longest))
        return ERROR_NOT_ENOUGH_MEMORY;
    kernel_count_other(&port_of(&m->strand)->kernel);
    error = slot_create(&m->path, (DWORD)m->options.max_datagram, s, &handle);
    if (error != ERROR_SUCCESS) {
        datagrams_close(&m->unread);
        return error;
    }
    m->on_port = kernel_try_attach(&port_of(&m->strand)->kernel, &m->slot, handle);
    if (m->on_port)
        kernel_set_notification_modes(&port_of(&m->strand)->kernel, &m->slot, true);
    else
        m->plain_slot = handle;
    return ERROR_SUCCESS;
}

/* Makes the slot, and joins the port. On failure only `m` is left. */
static pp_status mailslot__start(pp_mailslot *m, pp_error *error)
{
    security s;
    DWORD code;
    pp_access access = m->options.access;
    pp_status status;

    access.strict = false; /* a slot has no instances, and plain senders ask for GENERIC_WRITE */
    status = security_open(&s, &access, !access.allow_remote, error);
    if (status != PP_OK)
        return status;
    code = mailslot__open_slot(m, &s);
    security_close(&s);
    if (code == ERROR_SUCCESS &&
        !timer_open(&m->timer, &port_of(&m->strand)->timers, &m->strand, MAILSLOT_AGAIN)) {
        mailslot__close_slot(m);
        code = ERROR_NOT_ENOUGH_MEMORY;
    }
    if (code == ERROR_ALREADY_EXISTS)
        return error_set(error, PP_E_NAME_TAKEN, code, "%s is taken by another mailslot",
                         utf_shorten(m->path.text).text);
    if (code != ERROR_SUCCESS)
        return error_set_windows(error, code, m->path.text);
    if (strand_join(&m->strand))
        return PP_OK;
    timer_close(&m->timer);
    mailslot__close_slot(m);
    return error_set(error, PP_E_CLOSING, 0, "the port is stopping");
}

pp_status pp_mailslot_listen(pp_port *port, const pp_mailslot_options *options,
                             pp_mailslot **mailslot, pp_error *error)
{
    pp_mailslot *m;
    pp_status status;

    if (!port || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    if (mailslot)
        *mailslot = NULL;
    m = mem_alloc_zeroed(sizeof *m);
    if (!m)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a mailslot");
    status = mailslot__init(m, port, options, error);
    if (status == PP_OK)
        status = mailslot__start(m, error);
    if (status != PP_OK) {
        mem_free(m);
        return status;
    }
    m->refs = mailslot ? 2 : 1;
    if (mailslot)
        *mailslot = m; /* before the first callback */
    strand_go(&m->strand, MAILSLOT_AGAIN);
    return PP_OK;
}

pp_status pp_mailslot_resume(pp_mailslot *m)
{
    if (!m)
        return PP_E_ARGUMENT;
    gate_open(&m->gate);
    strand_raise(&m->strand, MAILSLOT_AGAIN);
    return PP_OK;
}

pp_status pp_mailslot_close(pp_mailslot **mailslot)
{
    pp_mailslot *m = mailslot ? *mailslot : NULL;

    if (!m)
        return PP_E_ARGUMENT;
    *mailslot = NULL;
    InterlockedExchange(&m->closed, 1);
    strand_raise(&m->strand, MAILSLOT_CLOSE);
    mailslot__unref(m);
    return PP_OK;
}

const char *pp_mailslot_path(pp_mailslot *m)
{
    return m ? m->path.text : "";
}
