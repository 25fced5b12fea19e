/*
 * The write side: one write in flight, and as few writes as the mode allows. In stream and framed
 * mode a write takes everything that is queued; in message mode each message is a write.
 */
#include "iocp/counters.h"
#include "pipe/conn.h"
#include "pipe/framing.h"

#define WRITE__MOST_BYTES (256u * 1024) /* of one write */
#define WRITE__MOST_PER_TURN 64
#define WRITE__KEEP (128u * 1024) /* spare memory kept while the connection is busy */
#define WRITE__SMALL 1024u        /* spare memory kept also while it is idle */

bool write_is_empty(pp_conn *c)
{
    return !c->write.operation.pending && queue_bytes(&c->queue) == 0;
}

void write_free(pp_conn *c)
{
    queue_done(&c->queue, queue_bytes(&c->queue));
    queue_buffer_free(&c->write.active);
    queue_trim(&c->queue);
    queue_buffer_free(&c->queue.filling);
}

void write_trim(pp_conn *c)
{
    if (c->write.active.end == 0)
        queue_buffer_free(&c->write.active);
    queue_trim(&c->queue);
}

/* The bytes of the next write, and before them those that are not written but used up. */
static DWORD write__next(const pp_conn *c, size_t *skip)
{
    const queue_buffer *active = &c->write.active;
    size_t left = active->end - active->start;

    *skip = 0;
    if (c->options.mode == PP_MODE_MESSAGE) {
        *skip = FRAMING_HEADER;
        return framing_read(active->data + active->start);
    }
    return left < WRITE__MOST_BYTES ? (DWORD)left : WRITE__MOST_BYTES;
}

/* `bytes` of the active buffer are with the kernel. */
static void write__done(pp_conn *c, size_t bytes)
{
    queue_buffer *active = &c->write.active;

    conn_moved(c);
    active->start += bytes;
    if (active->start == active->end) {
        counter_add(c->strand.port, COUNT_MESSAGES_OUT, (int64_t)active->messages);
        counter_add(c->strand.port, COUNT_BYTES_OUT, (int64_t)active->payload);
        active->start = active->end = 0;
        if (active->size > WRITE__KEEP)
            queue_buffer_free(active);
        else if (active->size > WRITE__SMALL)
            conn_plan_trim(c);
    }
    queue_done(&c->queue, bytes);
}

static bool write__finish(pp_conn *c, DWORD error)
{
    size_t skip;
    DWORD size = write__next(c, &skip);

    if (error != ERROR_SUCCESS) {
        conn_end_error(c, error, "write");
        return false;
    }
    write__done(c, skip + size); /* a write is never partly done */
    return true;
}

void write_completed(pp_conn *c)
{
    c->write.operation.pending = false;
    write__finish(c, c->write.operation.error);
}

/* Starts one write; true when it completed at once and the next may start. */
static bool write__one(pp_conn *c)
{
    conn_op *o = &c->write.operation;
    size_t skip;
    DWORD size = write__next(c, &skip), error, bytes;
    op_outcome outcome;

    o->pending = true;
    outcome =
        kernel_write(c->strand.port, &c->pipe, &o->op,
                     c->write.active.data + c->write.active.start + skip, size, &error, &bytes);
    if (outcome == OP_PENDING)
        return false;
    o->pending = false;
    return write__finish(c, error);
}

void write_advance(pp_conn *c)
{
    queue_buffer *active = &c->write.active;

    for (int writes = 0; kernel_is_open(&c->pipe) && conn_is_live(c) && !c->write.operation.pending;
         writes++) {
        if (active->start == active->end)
            queue_take_all(&c->queue, active);
        if (active->start == active->end)
            return;
        if (writes == WRITE__MOST_PER_TURN) {
            strand_raise(&c->strand, CONN_LOOK); /* the others' turn */
            return;
        }
        if (!write__one(c))
            return;
    }
}

void write_tell_writable(pp_conn *c)
{
    uint64_t refusals;
    size_t bytes;
    queue_room room = queue_look_for_room(&c->queue, &refusals, &bytes);

    if (refusals > 0)
        counter_add(c->strand.port, COUNT_REFUSED_SENDS, (int64_t)refusals);
    if (room == QUEUE_ROOM_AGAIN) {
        strand_raise(&c->strand, CONN_LOOK); /* for what the callback sends or resumes */
        if (c->options.handlers.on_writable)
            c->options.handlers.on_writable(c, c->user);
    } else if (room == QUEUE_ROOM_STARVED) {
        budget_wait(&c->strand.port->budget, &c->waiter, bytes, false);
    }
}
