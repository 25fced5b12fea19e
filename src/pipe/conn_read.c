/*
 * The read side: one read in flight into a buffer (conn_read.h) from which messages are delivered
 * in place. A message that finds no room waits for it, and the other end's writes wait meanwhile.
 */
#include "base/error.h"
#include "pipe/conn_read.h"
#include "pipe/framing.h"

#include <string.h>

#define READ__MOST_PER_TURN 16

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
        port_count(port_of(&c->strand), COUNT_MESSAGES_IN, 1);
        port_count(port_of(&c->strand), COUNT_BYTES_IN, (int64_t)length);
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
    if (c->options.mode == PP_MODE_STREAM)
        return read_unread(c) > 0 || r->untold_end;
    if (read_unread(c) == 0)
        return false;
    return framing_parse(r->buffer + r->start, read_unread(c), c->options.max_message, &size) !=
           FRAMING_PARTIAL;
}

/* The frame that begins the buffer; false when it was not taken. */
static bool read__deliver_frame(pp_conn *c)
{
    conn_reader *r = &c->read;
    size_t size;
    framing_kind kind =
        framing_parse(r->buffer + r->start, read_unread(c), c->options.max_message, &size);

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
    if (read_unread(c) == 0 && (r->untold_end || (message && c->options.half_close)))
        read__end_of_sending(c);
    else if (!read__deliver_one(c, r->buffer + r->start, read_unread(c)))
        return false;
    r->whole = r->untold_end = false;
    read__consume(r, read_unread(c));
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
    return c->options.mode != PP_MODE_STREAM && read_unread(c) > 0 && !c->read.whole;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* From here on a write alone can find that the other end has left; perhaps one has already. So it
 * is with a handle that is for writing alone, and with a socket whose other end sends no more. */
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
        if (c->state == CONN_OPEN && read_unread(c) == 0)
            read_buffer_resize(c, READ_FIRST_SIZE, BUDGET_SPARE);
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

/* A socket's other end sends no more, or has left: nobody can tell. In framed mode, who still sends
 * says so in a frame. */
static void read__socket_ended(pp_conn *c)
{
    conn_reader *r = &c->read;

    if (c->options.mode == PP_MODE_FRAMED && !r->ended && c->state == CONN_OPEN) {
        read__failed(c, ERROR_HANDLE_EOF);
        return;
    }
    r->untold_end = c->options.mode == PP_MODE_STREAM && c->state == CONN_OPEN && !c->closing &&
                    c->options.direction != PP_DIRECTION_OUTBOUND;
    read__denied(c);
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
        read_buffer_adapt(c, bytes, room);
}

/* Takes the result of a read. */
static void read__finish(pp_conn *c, DWORD error, DWORD bytes)
{
    if (error != ERROR_SUCCESS && error != ERROR_MORE_DATA)
        read__failed(c, error);
    else if (bytes == 0 && c->is_socket)
        read__socket_ended(c);
    else
        read__came(c, error, bytes);
}

void read_completed(pp_conn *c)
{
    c->read.operation.pending = false;
    read__finish(c, c->read.operation.error, c->read.operation.bytes);
}

static bool read__has_buffer(pp_conn *c)
{
    if (c->read.buffer || read_buffer_resize(c, READ_FIRST_SIZE, BUDGET_SPARE) == PP_OK)
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
    if (c->options.mode == PP_MODE_FRAMED && read_unread(c) > 0) {
        framing_parse(r->buffer + r->start, read_unread(c), c->options.max_message, &needed);
        if (r->start > 0) {
            memmove(r->buffer, r->buffer + r->start, read_unread(c));
            r->end -= r->start;
            r->start = 0;
        }
        return read_buffer_grow(c, needed);
    }
    if (c->options.mode == PP_MODE_MESSAGE && r->end == r->size) {
        needed = r->size * 2;
        return read_buffer_grow(c, needed < most ? needed : most);
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
    outcome = kernel_read(&port_of(&c->strand)->kernel, &c->pipe, &o->op, r->buffer + r->end,
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
        read_buffer_settle(c);
        if (read_unread(c) == 0 && budget_is_short(&port_of(&c->strand)->budget))
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
 * what it is still sent. A socket is read to its end. */
static void read__discard(pp_conn *c)
{
    for (int reads = 0;
         c->state == CONN_DRAINING && !c->read.operation.pending && !c->read.denied &&
         (c->is_socket || !write_is_empty(c)) && read__has_buffer(c);
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
    read_buffer_settle(c);
    budget_pass(&port_of(&c->strand)->budget, &c->read.account);
}

void read_drain(pp_conn *c)
{
    if (c->state != CONN_DRAINING)
        return;
    read__discard(c);
    read_buffer_settle(c);
}
