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
    strand_raise(t->strand, t->written);
}

void transport_init(transport *t, strand *s, LONG came, LONG written, pp_mode mode)
{
    *t = (transport){.strand = s, .came = came, .written = written};
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

bool transport_read(transport *t, void *at, size_t room, transport_result *r)
{
    transfer *x = &t->read;

    assert(strand_is_here(t->strand) && !x->pending && room > 0);
    x->size = room < MAXDWORD ? (DWORD)room : MAXDWORD;
    x->pending = true;
    if (kernel_read(transport__kernel(t), &t->handle, &x->op, at, x->size, &x->error, &x->bytes) ==
        OP_PENDING)
        return false;
    x->pending = false;
    transport__end_read(t, r);
    return true;
}

bool transport_write(transport *t, const void *data, size_t size, transport_result *r)
{
    transfer *x = &t->write;

    assert(strand_is_here(t->strand) && !x->pending);
    transport__is_used(t);
    x->size = (DWORD)size;
    x->pending = true;
    if (kernel_write(transport__kernel(t), &t->handle, &x->op, data, x->size, &x->error,
                     &x->bytes) == OP_PENDING)
        return false;
    x->pending = false;
    transport__end_write(t, r);
    return true;
}

bool transport_take_read(transport *t, transport_result *r)
{
    assert(t->read.pending);
    t->read.pending = false;
    transport__end_read(t, r);
    return true;
}

bool transport_take_write(transport *t, transport_result *r)
{
    assert(t->write.pending);
    t->write.pending = false;
    transport__end_write(t, r);
    return true;
}

void transport_cancel_read(transport *t)
{
    if (t->read.pending)
        kernel_cancel(transport__kernel(t), &t->handle, &t->read.op);
}

void transport_cancel(transport *t)
{
    transport_cancel_read(t);
    if (t->write.pending)
        kernel_cancel(transport__kernel(t), &t->handle, &t->write.op);
}
