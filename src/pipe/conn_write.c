/*
 * The write side: one write in flight, and as few writes as the mode allows. In stream and framed
 * mode a write takes everything that is queued; in message mode each message is a write.
 */
#include "base/error.h"
#include "pipe/conn.h"
#include "pipe/framing.h"

#define WRITE__MOST_BYTES (256u * 1024) /* of one write */
#define WRITE__MOST_PER_TURN 64
#define WRITE__MUCH (16u * 1024)  /* leaves at once */
#define WRITE__KEEP (128u * 1024) /* spare memory kept while it is busy; more while it is used */
#define WRITE__SMALL 1024u        /* spare memory kept also while it is idle */

bool write_is_empty(pp_conn *c)
{
    return !c->write.operation.pending && queue_bytes(&c->queue) == 0;
}

void write_shut(pp_conn *c)
{
    if (c->write.shut)
        return;
    c->write.shut = true;
    kernel_shut(&port_of(&c->strand)->kernel, &c->pipe);
}

void write_trim(pp_conn *c)
{
    if (queue_buffer_is_empty(&c->write.active))
        queue_buffer_free(&c->write.active);
    queue_trim(&c->queue);
}

/* What one write hands over: bytes from the buffer itself, or from the first shared one. */
typedef struct write_piece {
    const char *data;
    DWORD size;
    size_t copied; /* bytes of the buffer that it uses up, headers that are not written included */
    size_t shared; /* bytes of the shared buffer */
} write_piece;

static DWORD write__at_most(size_t size)
{
    return size < WRITE__MOST_BYTES ? (DWORD)size : WRITE__MOST_BYTES;
}

/* Whether the shared buffer of this index comes at `at`. */
static bool write__has_shared(const queue_buffer *b, size_t index, size_t at)
{
    return index < b->shared_end && b->shared[index].at == at;
}

/* The next message, in message mode. */
static write_piece write__next_message(const queue_buffer *b)
{
    DWORD length = framing_read(b->data + b->start);

    if (write__has_shared(b, b->shared_start, b->start + FRAMING_HEADER))
        return (write_piece){pp_buffer_data(b->shared[b->shared_start].buffer), length,
                             FRAMING_HEADER, length};
    return (write_piece){b->data + b->start + FRAMING_HEADER, length, FRAMING_HEADER + length, 0};
}

static write_piece write__next_bytes(const queue_buffer *b)
{
    const queue_shared *shared =
        b->shared_start < b->shared_end ? &b->shared[b->shared_start] : NULL;
    size_t until = shared ? shared->at : b->end;
    write_piece piece = {0};

    if (until > b->start) {
        piece.data = b->data + b->start;
        piece.size = write__at_most(until - b->start);
        piece.copied = piece.size;
    } else {
        piece.data = (const char *)pp_buffer_data(shared->buffer) + b->shared_done;
        piece.size = write__at_most(pp_buffer_size(shared->buffer) - b->shared_done);
        piece.shared = piece.size;
    }
    return piece;
}

static write_piece write__next(const pp_conn *c)
{
    return c->options.mode == PP_MODE_MESSAGE ? write__next_message(&c->write.active)
                                              : write__next_bytes(&c->write.active);
}

/* Whether it is larger than what is sent asks for, or others wait for memory. */
static bool write__is_oversized(const pp_conn *c, const queue_buffer *b)
{
    return b->size > WRITE__KEEP &&
           (b->end < b->size / 4 || budget_is_short(&port_of(&c->strand)->budget));
}

/* ---- What was handed over ------------------------------------------------------------------- */

static void write__count(pp_conn *c, uint64_t messages, uint64_t payload)
{
    c->write.active.messages -= messages;
    c->write.active.payload -= payload;
    if (messages > 0)
        port_count(port_of(&c->strand), COUNT_MESSAGES_OUT, (int64_t)messages);
    if (payload > 0)
        port_count(port_of(&c->strand), COUNT_BYTES_OUT, (int64_t)payload);
}

/* Frames are counted when all in the buffer are written. At an end before that: those that are. */
static void write__count_begun(pp_conn *c)
{
    const queue_buffer *b = &c->write.active;
    uint64_t messages = 0, payload = 0;
    size_t at = 0, shared = 0;

    while (c->options.mode == PP_MODE_FRAMED && at + FRAMING_HEADER <= b->start) {
        uint32_t header = framing_read(b->data + at);
        bool is_shared = write__has_shared(b, shared, at + FRAMING_HEADER);
        size_t length = header & FRAMING_CONTROL || is_shared ? 0 : header;

        if (at + FRAMING_HEADER + length > b->start || (is_shared && shared >= b->shared_start))
            break;
        messages += !(header & FRAMING_CONTROL);
        payload += header & FRAMING_CONTROL ? 0 : header;
        shared += is_shared;
        at += FRAMING_HEADER + length;
    }
    write__count(c, messages, payload);
}

/* Everything in the active buffer is with the kernel. */
static void write__buffer_done(pp_conn *c)
{
    queue_buffer *active = &c->write.active;
    bool oversized = write__is_oversized(c, active);

    write__count(c, active->messages, active->payload);
    queue_buffer_rewind(active);
    if (oversized)
        queue_buffer_free(active);
    else if (active->size > WRITE__SMALL)
        conn_plan_trim(c);
}

static void write__done(pp_conn *c, const write_piece *piece)
{
    queue_buffer *active = &c->write.active;
    size_t dropped = 0;

    conn_moved(c);
    c->writes++;
    active->start += piece->copied;
    active->shared_done += piece->shared;
    if (c->options.mode == PP_MODE_MESSAGE)
        write__count(c, active->messages > 0, piece->size);
    else if (c->options.mode == PP_MODE_STREAM)
        write__count(c, 0, piece->size);
    if (piece->shared > 0 &&
        active->shared_done == pp_buffer_size(active->shared[active->shared_start].buffer)) {
        queue_buffer_drop_shared(active);
        dropped = 1;
    }
    if (queue_buffer_is_empty(active))
        write__buffer_done(c);
    queue_done(&c->queue, piece->copied, piece->shared, dropped);
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* When the client has left, what it sent before is still there: the read side delivers it, however
 * slow the handler is, and then finds the end. */
static void write__failed(pp_conn *c, DWORD error)
{
    if (error_from_windows(error) != PP_E_PEER_CLOSED || c->state > CONN_WINDING || c->closing ||
        c->read.denied) {
        conn_end_error(c, error, "write");
        return;
    }
    c->unanswerable = true;
    write__count_begun(c);
    queue_abandon(&c->queue, &c->write.active);
    strand_raise(&c->strand, CONN_LOOK);
}

void write_free(pp_conn *c)
{
    write__count_begun(c);
    queue_free(&c->queue, &c->write.active);
}

/* A pipe takes a write whole; of sockets nobody promises it. */
static void write__take_part(write_piece *piece, DWORD bytes)
{
    if (bytes >= piece->size)
        return;
    piece->size = bytes;
    piece->copied = piece->copied > 0 ? bytes : 0;
    piece->shared = piece->shared > 0 ? bytes : 0;
}

static bool write__finish(pp_conn *c, DWORD error, DWORD bytes)
{
    write_piece piece = write__next(c);

    if (error == ERROR_SUCCESS && c->is_socket) {
        write__take_part(&piece, bytes);
        error = piece.size == 0 ? ERROR_WRITE_FAULT : ERROR_SUCCESS;
    }
    if (error != ERROR_SUCCESS) {
        write__failed(c, error);
        return false;
    }
    write__done(c, &piece);
    return true;
}

void write_completed(pp_conn *c)
{
    c->write.operation.pending = false;
    write__finish(c, c->write.operation.error, c->write.operation.bytes);
}

/* Starts one write; true when it completed at once and the next may start. */
static bool write__one(pp_conn *c)
{
    conn_op *o = &c->write.operation;
    write_piece piece = write__next(c);
    DWORD error, bytes;

    conn_tune(c);
    o->pending = true;
    c->write.size = piece.size;
    if (kernel_write(&port_of(&c->strand)->kernel, &c->pipe, &o->op, piece.data, piece.size, &error,
                     &bytes) == OP_PENDING)
        return false;
    o->pending = false;
    return write__finish(c, error, bytes);
}

/* Little is written after the turns of the others in this batch, so that what they add leaves with
 * it and the other ends are not woken one by one; much at once, while it is in the processor's
 * cache. True: another turn writes. */
static bool write__waits_for_batch(pp_conn *c)
{
    size_t queued = c->write.waits || c->write.operation.pending ? 0 : queue_bytes(&c->queue);

    c->write.waits = queued > 0 && queued < WRITE__MUCH && c->state == CONN_OPEN &&
                     strand_has_others(&c->strand);
    if (c->write.waits)
        strand_raise(&c->strand, CONN_LOOK);
    return c->write.waits;
}

void write_advance(pp_conn *c)
{
    queue_buffer *active = &c->write.active;

    if (write__waits_for_batch(c))
        return;
    for (int writes = 0; kernel_is_open(&c->pipe) && conn_is_live(c) && !c->write.operation.pending;
         writes++) {
        if (queue_buffer_is_empty(active))
            queue_take_all(&c->queue, active);
        if (queue_buffer_is_empty(active)) {
            if (c->is_socket && queue_is_over(&c->queue))
                write_shut(c);
            return;
        }
        if (writes == WRITE__MOST_PER_TURN) {
            strand_raise(&c->strand, CONN_LOOK); /* the others' turn */
            return;
        }
        if (!write__one(c))
            return;
    }
}

/* Before on_open nobody is told anything. */
void write_tell_writable(pp_conn *c)
{
    uint64_t refusals;

    bool again = queue_has_room_again(&c->queue, c->opened && conn_is_live(c), &refusals);

    if (refusals > 0)
        port_count(port_of(&c->strand), COUNT_REFUSED_SENDS, (int64_t)refusals);
    if (again) {
        strand_raise(&c->strand, CONN_LOOK); /* for what the callback sends or resumes */
        conn_callback_begins(c);
        if (c->options.handlers.on_writable)
            c->options.handlers.on_writable(c, c->user);
        conn_callback_ended(c, "on_writable");
    }
    budget_pass(&port_of(&c->strand)->budget, &c->queue.account);
}
