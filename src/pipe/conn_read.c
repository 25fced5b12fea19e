/*
 * The read side: one read in flight into a buffer from which messages are delivered in place. The
 * buffer is small while the connection is idle, doubles while reads fill it and spare room allows,
 * and grows to what a message needs. A message that finds no room waits for it, and the other end's
 * writes wait meanwhile; what it grew beyond the spare room goes back as soon as it is delivered.
 */
#include "base/error.h"
#include "base/mem.h"
#include "iocp/counters.h"
#include "pipe/conn.h"
#include "pipe/framing.h"

#include <string.h>

#define READ__FIRST_SIZE 1024u
#define READ__MOST_SIZE (64u * 1024) /* as far as filling doubles it */
#define READ__MOST_PER_TURN 16
#define READ__SMALL_IN_A_ROW 64 /* reads that used less than a quarter: the buffer is too large */

static size_t read__unread(const pp_conn *c)
{
    return c->read.end - c->read.start;
}

/* ---- The buffer ----------------------------------------------------------------------------- */

/* Gives the buffer this size, keeping what is unread, which must fit. The first READ__FIRST_SIZE
 * bytes are not counted: each connection has them. */
static pp_status read__set_size(pp_conn *c, size_t size, budget_reach reach)
{
    conn_reader *r = &c->read;
    budget *b = &c->strand.port->budget;
    uint64_t counted = size > READ__FIRST_SIZE ? size - READ__FIRST_SIZE : 0;
    uint64_t held = budget_held(&r->account);
    char *buffer;

    if (counted > held && !budget_grow(b, &r->account, counted - held, reach))
        return PP_E_AGAIN;
    if (read__unread(c) > 0)
        memmove(r->buffer, r->buffer + r->start, read__unread(c));
    r->end -= r->start;
    r->start = 0;
    buffer = mem_resize(r->buffer, size);
    if (!buffer) {
        budget_shrink(b, &r->account, counted > held ? counted - held : 0);
        return PP_E_MEMORY;
    }
    r->buffer = buffer;
    r->size = size;
    budget_shrink(b, &r->account, counted < held ? held - counted : 0);
    if (counted > 0)
        conn_plan_trim(c);
    return PP_OK;
}

void read_free(pp_conn *c)
{
    budget *b = &c->strand.port->budget;

    mem_free(c->read.buffer);
    c->read.buffer = NULL;
    budget_shrink(b, &c->read.account, budget_held(&c->read.account));
    budget_close(b, &c->read.account);
}

void read_trim(pp_conn *c)
{
    conn_reader *r = &c->read;

    if (r->size <= READ__FIRST_SIZE || read__unread(c) > 0)
        return;
    r->small_reads = 0;
    if (r->operation.pending)
        kernel_cancel(c->strand.port, &c->pipe, &r->operation.op); /* then it is read with less */
    else
        read__set_size(c, READ__FIRST_SIZE, BUDGET_SPARE);
}

/* What is empty keeps spare room alone: the others may be waiting for the rest. */
static void read__settle(pp_conn *c)
{
    conn_reader *r = &c->read;

    if (!r->operation.pending && read__unread(c) == 0 &&
        r->account.general + r->account.reserved > 0)
        read__set_size(c, READ__FIRST_SIZE + (size_t)r->account.spare, BUDGET_SPARE);
}

/* A read came that used `bytes` of the room it was given: is the buffer of the right size? */
static void read__adapt(pp_conn *c, size_t bytes, size_t room)
{
    conn_reader *r = &c->read;

    if (bytes == room && r->size < READ__MOST_SIZE) {
        r->small_reads = 0;
        read__set_size(c, r->size * 2, BUDGET_SPARE); /* without it the reads are only smaller */
        return;
    }
    r->small_reads = bytes < r->size / 4 ? r->small_reads + 1 : 0;
    if (r->small_reads < READ__SMALL_IN_A_ROW || r->size <= READ__FIRST_SIZE)
        return;
    r->small_reads = 0;
    if (read__unread(c) < r->size / 2)
        read__set_size(c, r->size / 2, BUDGET_SPARE);
}

/* Makes room for a message of which `size` bytes in all are known to come. */
static bool read__grow(pp_conn *c, size_t size)
{
    pp_status status = c->read.size >= size ? PP_OK : read__set_size(c, size, BUDGET_RESERVE);

    if (status == PP_E_AGAIN)
        budget_wait(&c->strand.port->budget, &c->read.account, size - c->read.size, BUDGET_RESERVE);
    else if (status != PP_OK)
        conn_end(c, status);
    return status == PP_OK;
}

/* ---- Delivering ----------------------------------------------------------------------------- */

static bool read__may_deliver(const pp_conn *c)
{
    return (c->state == CONN_OPEN || c->state == CONN_WINDING) && !c->closing &&
           !gate_is_shut(&c->gate);
}

/* What the handler says of a message. Who has left cannot be answered; that an answer found it so
 * must not cost us what it sent before. */
static pp_status read__ask_handler(pp_conn *c, const char *data, size_t length)
{
    pp_status status = PP_OK;

    strand_set_answering(&c->strand, true);
    if (c->options.handlers.on_message)
        status = c->options.handlers.on_message(c, c->user, data, length);
    strand_set_answering(&c->strand, false);
    conn_callback_ended(c, "on_message");
    return status == PP_E_CLOSING && c->unanswerable ? PP_OK : status;
}

/* Hands one message to the user; false when it was not taken. */
static bool read__deliver_one(pp_conn *c, const char *data, size_t length)
{
    LONG seen = gate_look(&c->gate);
    pp_status status = read__ask_handler(c, data, length);

    if (status == PP_OK) {
        counter_add(c->strand.port, COUNT_MESSAGES_IN, 1);
        counter_add(c->strand.port, COUNT_BYTES_IN, (int64_t)length);
        return true;
    }
    if (status != PP_E_AGAIN)
        conn_end(c, status);
    else if (!gate_shut_since(&c->gate, seen))
        strand_raise(&c->strand, CONN_LOOK); /* resumed meanwhile: it comes again */
    return false;
}

static void read__consume(conn_reader *r, size_t bytes)
{
    r->start += bytes;
    if (r->start == r->end)
        r->start = r->end = 0;
}

static void read__end_of_sending(pp_conn *c)
{
    c->read.ended = true;
    if (c->options.handlers.on_end)
        c->options.handlers.on_end(c, c->user);
    else
        pp_conn_close(c);
    conn_callback_ended(c, "on_end");
}

/* Whether there is something to deliver: a message, in stream mode any bytes, or a frame that ends
 * the sending or the connection. */
bool read_has_message(const pp_conn *c)
{
    const conn_reader *r = &c->read;
    size_t size;

    if (c->options.mode == PP_MODE_MESSAGE)
        return r->whole;
    if (c->options.mode == PP_MODE_STREAM || read__unread(c) == 0)
        return read__unread(c) > 0;
    return framing_parse(r->buffer + r->start, read__unread(c), c->options.max_message, &size) !=
           FRAMING_PARTIAL;
}

/* The frame that begins the buffer; false when it was not taken. */
static bool read__deliver_frame(pp_conn *c)
{
    conn_reader *r = &c->read;
    size_t size;
    framing_kind kind =
        framing_parse(r->buffer + r->start, read__unread(c), c->options.max_message, &size);

    if (kind == FRAMING_TOO_LONG || kind == FRAMING_UNKNOWN || r->ended) {
        conn_end(c, kind == FRAMING_TOO_LONG ? PP_E_TOO_LONG : PP_E_PROTOCOL);
        return false;
    }
    if (kind == FRAMING_MESSAGE &&
        !read__deliver_one(c, r->buffer + r->start + FRAMING_HEADER, size - FRAMING_HEADER))
        return false;
    read__consume(r, size);
    if (kind == FRAMING_ENDED)
        read__end_of_sending(c);
    return true;
}

/* The whole message or the bytes in the buffer; false when they were not taken. */
static bool read__deliver_buffer(pp_conn *c)
{
    conn_reader *r = &c->read;
    bool message = c->options.mode == PP_MODE_MESSAGE;

    if (message && r->ended) {
        conn_end(c, PP_E_PROTOCOL);
        return false;
    }
    if (message && c->options.half_close && read__unread(c) == 0)
        read__end_of_sending(c);
    else if (!read__deliver_one(c, r->buffer + r->start, read__unread(c)))
        return false;
    r->whole = false;
    read__consume(r, read__unread(c));
    return true;
}

/* Delivers what there is; false when something was not taken and must wait. */
static bool read__deliver_all(pp_conn *c)
{
    if (read_has_message(c))
        conn_callback_begins(c);
    while (read_has_message(c)) {
        if (!read__may_deliver(c) || !conn_identify(c) || !read__may_deliver(c))
            return false;
        if (strand_turn_is_long(&c->strand)) {
            strand_raise(&c->strand, CONN_LOOK); /* the others' turn */
            return false;
        }
        if (c->options.mode == PP_MODE_FRAMED ? !read__deliver_frame(c) : !read__deliver_buffer(c))
            return false;
    }
    return true;
}

/* Whether what is in the buffer is only a part of a message. */
static bool read__is_inside_message(const pp_conn *c)
{
    return c->options.mode != PP_MODE_STREAM && read__unread(c) > 0 && !c->read.whole;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* From here on a write alone can find that the other end has left; perhaps one has already. */
static void read__denied(pp_conn *c)
{
    c->read.denied = true;
    if (c->unanswerable)
        conn_end(c, PP_E_PEER_CLOSED);
}

static void read__failed(pp_conn *c, DWORD error)
{
    if (error == ERROR_ACCESS_DENIED && c->options.direction == PP_DIRECTION_OUTBOUND) {
        read__denied(c);
        return;
    }
    if (error == ERROR_OPERATION_ABORTED) {
        /* We asked for it: to read on with a smaller buffer, or because nothing more is read. */
        if (c->state == CONN_OPEN && read__unread(c) == 0)
            read__set_size(c, READ__FIRST_SIZE, BUDGET_SPARE);
        return;
    }
    c->client_left = error_from_windows(error) == PP_E_PEER_CLOSED;
    if (c->client_left && read__is_inside_message(c))
        conn_end(c, PP_E_TRUNCATED);
    else if (c->client_left && c->state == CONN_DRAINING && write_is_empty(c))
        conn_end_closed(c);
    else
        conn_end_error(c, error, "read");
}

static void read__forget(conn_reader *r)
{
    r->start = r->end = 0;
    r->whole = false;
}

/* Something came. */
static void read__came(pp_conn *c, DWORD error, DWORD bytes)
{
    conn_reader *r = &c->read;
    size_t room = r->size - r->end;

    r->end += bytes;
    conn_tune(c);
    c->heard = true;
    conn_moved(c);
    if (c->closing || c->state == CONN_DRAINING) { /* too late to be delivered, or to be wrong */
        read__forget(r);
        return;
    }
    r->whole = c->options.mode == PP_MODE_MESSAGE && error == ERROR_SUCCESS;
    if (c->options.direction == PP_DIRECTION_OUTBOUND && (r->end > 0 || r->whole))
        conn_end(c, PP_E_DIRECTION);
    else if (c->options.mode == PP_MODE_MESSAGE && r->end > c->options.max_message)
        conn_end(c, PP_E_TOO_LONG);
    else
        read__adapt(c, bytes, room);
}

/* Takes the result of a read. */
static void read__finish(pp_conn *c, DWORD error, DWORD bytes)
{
    if (error != ERROR_SUCCESS && error != ERROR_MORE_DATA)
        read__failed(c, error);
    else if (bytes > 0 || !c->zero_is_end)
        read__came(c, error, bytes);
    else if (c->state == CONN_DRAINING)
        c->read.ended = true; /* what it can still read is sent */
    else
        read__failed(c, ERROR_HANDLE_EOF);
}

void read_completed(pp_conn *c)
{
    c->read.operation.pending = false;
    read__finish(c, c->read.operation.error, c->read.operation.bytes);
}

static bool read__has_buffer(pp_conn *c)
{
    if (c->read.buffer || read__set_size(c, READ__FIRST_SIZE, BUDGET_SPARE) == PP_OK)
        return true;
    conn_end(c, PP_E_MEMORY);
    return false;
}

/* Room for the next read. In message mode one byte more than the longest message, which shows that
 * a message is longer. */
static bool read__make_room(pp_conn *c)
{
    conn_reader *r = &c->read;
    size_t needed, most = (size_t)c->options.max_message + 1;

    if (!read__has_buffer(c))
        return false;
    if (c->options.mode == PP_MODE_FRAMED && read__unread(c) > 0) {
        framing_parse(r->buffer + r->start, read__unread(c), c->options.max_message, &needed);
        if (r->start > 0) {
            memmove(r->buffer, r->buffer + r->start, read__unread(c));
            r->end -= r->start;
            r->start = 0;
        }
        return read__grow(c, needed);
    }
    if (c->options.mode == PP_MODE_MESSAGE && r->end == r->size) {
        needed = r->size * 2;
        return read__grow(c, needed < most ? needed : most);
    }
    return true;
}

static bool read__may_read(pp_conn *c)
{
    return c->state == CONN_OPEN && !c->closing && !gate_is_shut(&c->gate) && !c->read.denied &&
           !c->read.operation.pending && kernel_is_open(&c->pipe);
}

/* Starts a read; true when it completed at once. */
static bool read__one(pp_conn *c)
{
    conn_reader *r = &c->read;
    conn_op *o = &r->operation;
    DWORD error, bytes;
    op_outcome outcome;

    o->pending = true;
    outcome = kernel_read(c->strand.port, &c->pipe, &o->op, r->buffer + r->end,
                          (DWORD)(r->size - r->end), &error, &bytes);
    if (outcome == OP_PENDING)
        return false;
    o->pending = false;
    read__finish(c, error, bytes);
    return true;
}

static void read__deliver_and_read(pp_conn *c)
{
    for (int reads = 0;; reads++) {
        if (!read__deliver_all(c) || !read__may_read(c))
            return;
        read__settle(c);
        if (read__unread(c) == 0 && budget_is_short(&c->strand.port->budget))
            read_trim(c);
        if (!read__make_room(c))
            return;
        if (reads == READ__MOST_PER_TURN) {
            strand_raise(&c->strand, CONN_LOOK); /* the others' turn */
            return;
        }
        if (!read__one(c))
            return;
    }
}

/* Closing gracefully: the other end, which perhaps writes before it reads, must get on to reading
 * what it is still sent. */
static void read__discard(pp_conn *c)
{
    for (int reads = 0; c->state == CONN_DRAINING && !c->read.operation.pending && !c->read.ended &&
                        !c->read.denied && !write_is_empty(c) && read__has_buffer(c);
         reads++) {
        read__forget(&c->read);
        if (reads == READ__MOST_PER_TURN) {
            strand_raise(&c->strand, CONN_LOOK); /* the others' turn */
            return;
        }
        if (!read__one(c))
            return;
    }
}

void read_advance(pp_conn *c)
{
    read__deliver_and_read(c);
    read__settle(c);
    budget_pass(&c->strand.port->budget, &c->read.account);
}

void read_drain(pp_conn *c)
{
    if (c->state != CONN_DRAINING)
        return;
    read__discard(c);
    read__settle(c);
}
