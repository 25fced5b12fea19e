#include "pipe/transport.h"

#include <assert.h>

static kernel *transport__kernel(const transport *t)
{
    return &port_of(t->strand)->kernel;
}

static void transport__note(transfer *x, DWORD error, DWORD bytes)
{
    x->error = error;
    x->bytes = bytes;
}

static void transport__read_packet(op *o, DWORD error, DWORD bytes)
{
    transport *t = CONTAINER_OF(o, transport, read.op);

    transport__note(&t->read, error, bytes);
    strand_raise(t->strand, t->came);
}

static void transport__write_packet(op *o, DWORD error, DWORD bytes)
{
    transport *t = CONTAINER_OF(o, transport, write.op);

    transport__note(&t->write, error, bytes);
    strand_raise(t->strand, t->came << 1);
}

void transport_init(transport *t, strand *s, LONG came, pp_mode mode)
{
    *t = (transport){.strand = s, .came = came};
    t->in_line = mode != PP_MODE_MESSAGE;
    t->handle = KERNEL_NO_HANDLE;
    op_init(&t->read.op, transport__read_packet);
    op_init(&t->write.op, transport__write_packet);
}

/* ---- The handle ----------------------------------------------------------------------------- */

DWORD transport_attach(transport *t, HANDLE handle, bool socket)
{
    assert(!transport_is_open(t));
    t->socket = socket;
    return kernel_attach(transport__kernel(t), &t->handle, handle, socket);
}

void transport_take_over(transport *t, kernel_handle *handle)
{
    assert(!transport_is_open(t));
    t->handle = *handle;
    *handle = KERNEL_NO_HANDLE;
}

kernel_handle transport_give_away(transport *t)
{
    kernel_handle handle = t->handle;

    assert(transport_is_idle(t));
    t->handle = KERNEL_NO_HANDLE;
    return handle;
}

bool transport_note_modes(transport *t)
{
    kernel_note_modes(transport__kernel(t), &t->handle);
    return t->handle.inline_success;
}

HANDLE transport_handle(const transport *t)
{
    return t->handle.handle;
}

void transport_end_sending(transport *t)
{
    if (t->socket)
        kernel_shut(transport__kernel(t), &t->handle);
}

void transport_close(transport *t)
{
    assert(transport_is_idle(t));
    kernel_close(transport__kernel(t), &t->handle);
}

/* ---- Transfers ------------------------------------------------------------------------------ */

/* Bytes have moved, so the handle is worth the call that makes it cheaper to use. */
static void transport__is_used(transport *t)
{
    kernel_set_notification_modes(transport__kernel(t), &t->handle, t->in_line);
}

static void transport__end_read(transport *t, transport_result *r)
{
    const transfer *x = &t->read;
    bool good = x->error == ERROR_SUCCESS || x->error == ERROR_MORE_DATA;

    *r = (transport_result){.error = good ? ERROR_SUCCESS : x->error, .bytes = x->bytes};
    r->whole = x->error == ERROR_SUCCESS;
    r->ended = good && x->bytes == 0 && t->socket;
    if (good && !r->ended)
        transport__is_used(t);
    if (!good && t->lane && x->error != ERROR_INVALID_DATA) /* which is the lane's own verdict */
        lane_note_end(t->lane, x->error);
}

/* A pipe takes a write whole; Winsock does not promise that for sockets. */
static void transport__end_write(const transport *t, transport_result *r)
{
    const transfer *x = &t->write;

    *r = (transport_result){.error = x->error, .bytes = x->size};
    if (!t->socket || x->error != ERROR_SUCCESS)
        return;
    r->bytes = x->bytes < x->size ? x->bytes : x->size;
    if (r->bytes == 0)
        r->error = ERROR_WRITE_FAULT;
}

/* ---- By a lane ------------------------------------------------------------------------------ */

static bool transport__reads_by_lane(const transport *t)
{
    return t->lane && (t->lane->reads || lane_still_hears(t->lane));
}

static bool transport__writes_by_lane(const transport *t)
{
    return t->lane && t->lane->writes;
}

/* Tries to end the pending read with what the lane has. */
static bool transport__read_by_lane(transport *t)
{
    lane *l = t->lane;
    transfer *x = &t->read;

    x->error = ERROR_SUCCESS;
    x->bytes = (DWORD)(l->reads ? lane_take(l, l->read_to, x->size, &x->error)
                                : lane_take_heard(l, l->read_to, x->size, &x->error));
    if (x->bytes == 0 && x->error == ERROR_SUCCESS && l->read_cancelled)
        x->error = ERROR_OPERATION_ABORTED;
    l->read_cancelled = false;
    x->pending = x->bytes == 0 && x->error == ERROR_SUCCESS;
    if (!x->pending)
        l->read_to = NULL;
    return !x->pending;
}

static bool transport__write_by_lane(transport *t)
{
    lane *l = t->lane;
    transfer *x = &t->write;

    x->bytes = (DWORD)lane_put(l, l->write_from, x->size, &x->error);
    if (x->bytes > 0)
        *x = (transfer){.op = x->op, .size = x->bytes, .bytes = x->bytes}; /* a part is enough */
    else if (x->error == ERROR_SUCCESS && l->write_cancelled)
        x->error = ERROR_OPERATION_ABORTED;
    l->write_cancelled = false;
    x->pending = x->bytes == 0 && x->error == ERROR_SUCCESS;
    if (!x->pending)
        l->write_from = NULL;
    return !x->pending;
}

void transport_wake(transport *t, bool heard, bool rang)
{
    if (t->lane)
        lane_wake(t->lane, heard, rang);
}

uint32_t transport_looks_after(const transport *t)
{
    return transport_polls(t) ? lane_looks_after(t->lane, t->lane->write_from != NULL) : 0;
}

bool transport_assume_left(transport *t)
{
    lane *l = t->lane;

    if (!l || !l->reads || l->in.wrong || l->gone != ERROR_SUCCESS)
        return false;
    lane_leave_reading(l);
    return true;
}

bool transport_owes_bells(const transport *t)
{
    return t->lane && !t->lane->writes && t->lane->bells_due > 0 && t->lane->gone == ERROR_SUCCESS;
}

bool transport_polls(const transport *t)
{
    return t->lane && ((t->lane->read_to && t->lane->reads) || t->lane->write_from);
}

bool transport_stirs(transport *t)
{
    return lane_stirs(t->lane, t->lane->read_to != NULL, t->lane->write_from != NULL);
}

bool transport_rest(transport *t)
{
    return lane_rest(t->lane, t->lane->read_to != NULL, t->lane->write_from != NULL);
}

void transport_drop_lane(transport *t)
{
    lane_free(t->lane);
    t->lane = NULL;
}

/* ---- Reading and writing -------------------------------------------------------------------- */

/* Starts the pending read on the handle. True: it ended at once. */
static bool transport__start_read(transport *t, void *at)
{
    transfer *x = &t->read;

    if (kernel_read(transport__kernel(t), &t->handle, &x->op, at, x->size, &x->error, &x->bytes) ==
        OP_PENDING)
        return false;
    x->pending = false;
    return true;
}

bool transport_read(transport *t, void *at, size_t room, transport_result *r)
{
    transfer *x = &t->read;
    bool ended;

    assert(strand_is_here(t->strand) && !x->pending && room > 0);
    x->size = room < MAXDWORD ? (DWORD)room : MAXDWORD;
    x->pending = true;
    if (transport__reads_by_lane(t)) {
        t->lane->read_to = at;
        ended = transport__read_by_lane(t);
    } else {
        ended = transport__start_read(t, at);
    }
    if (ended)
        transport__end_read(t, r);
    return ended;
}

bool transport_write(transport *t, const void *data, size_t size, transport_result *r)
{
    transfer *x = &t->write;

    assert(strand_is_here(t->strand) && !x->pending);
    x->size = (DWORD)size;
    x->pending = true;
    if (transport__writes_by_lane(t)) {
        t->lane->write_from = data;
        if (!transport__write_by_lane(t))
            return false;
        transport__end_write(t, r);
        return true;
    }
    transport__is_used(t);
    if (kernel_write(transport__kernel(t), &t->handle, &x->op, data, x->size, &x->error,
                     &x->bytes) == OP_PENDING)
        return false;
    x->pending = false;
    transport__end_write(t, r);
    return true;
}

/* Whether the pending transfer waits for the lane, not for a packet. */
static bool transport__lane_reads(const transport *t)
{
    return t->lane && t->lane->read_to;
}

static bool transport__lane_writes(const transport *t)
{
    return t->lane && t->lane->write_from;
}

/* A read that waits for the lane goes on by the pipe, once the other end has left. */
static bool transport__read_further(transport *t)
{
    char *to = t->lane->read_to;

    if (transport__reads_by_lane(t) || t->lane->read_cancelled)
        return transport__read_by_lane(t);
    t->lane->read_to = NULL;
    return transport__start_read(t, to);
}

bool transport_take_read(transport *t, bool packet, transport_result *r)
{
    if (!t->read.pending)
        return false;
    if (transport__lane_reads(t)) {
        if (!transport__read_further(t))
            return false;
    } else if (!packet) {
        return false;
    }
    t->read.pending = false;
    transport__end_read(t, r);
    return true;
}

bool transport_take_write(transport *t, bool packet, transport_result *r)
{
    if (!t->write.pending)
        return false;
    if (transport__lane_writes(t)) {
        if (!transport__write_by_lane(t))
            return false;
    } else if (!packet) {
        return false;
    }
    t->write.pending = false;
    transport__end_write(t, r);
    return true;
}

void transport_cancel_read(transport *t)
{
    if (transport__lane_reads(t)) {
        t->lane->read_cancelled = true;
        strand_raise(t->strand, t->came);
    } else if (t->read.pending) {
        kernel_cancel(transport__kernel(t), &t->handle, &t->read.op);
    }
}

void transport_cancel(transport *t)
{
    transport_cancel_read(t);
    if (transport__lane_writes(t)) {
        t->lane->write_cancelled = true;
        strand_raise(t->strand, t->came << 1);
    } else if (t->write.pending) {
        kernel_cancel(transport__kernel(t), &t->handle, &t->write.op);
    }
    if (t->lane)
        lane_stop(t->lane);
}
