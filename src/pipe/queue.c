#include "pipe/queue.h"

#include "base/mem.h"
#include "iocp/strand.h"
#include "pipe/framing.h"

#include <string.h>

#define QUEUE__FIRST_SIZE 256u

/* ---- The buffer ----------------------------------------------------------------------------- */

void queue_buffer_free(queue_buffer *buffer)
{
    mem_free(buffer->data);
    *buffer = (queue_buffer){0};
}

static bool queue__make_room(queue_buffer *buffer, size_t bytes)
{
    size_t size = buffer->size ? buffer->size : QUEUE__FIRST_SIZE;
    char *data;

    if (buffer->size - buffer->end >= bytes)
        return true;
    while (size - buffer->end < bytes)
        size *= 2;
    data = mem_resize(buffer->data, size);
    if (!data)
        return false;
    buffer->data = data;
    buffer->size = size;
    return true;
}

static void queue__append(queue_buffer *buffer, const void *data, size_t length)
{
    if (length > 0)
        memcpy(buffer->data + buffer->end, data, length);
    buffer->end += length;
}

static void queue__append_header(queue_buffer *buffer, uint32_t header)
{
    char bytes[FRAMING_HEADER];

    framing_write(bytes, header);
    queue__append(buffer, bytes, sizeof bytes);
}

/* ---- The queue ------------------------------------------------------------------------------ */

void queue_init(send_queue *q, const pp_conn_options *options, budget *b, strand *s)
{
    *q = (send_queue){0};
    InitializeSRWLock(&q->lock);
    q->accepting = true;
    q->mode = options->mode;
    q->half_close = options->half_close;
    q->receive_only = options->direction == PP_DIRECTION_INBOUND;
    q->max_message = options->max_message;
    q->high_mark = options->high_mark;
    q->low_mark = options->low_mark;
    q->budget = b;
    q->strand = s;
}

static size_t queue__overhead(const send_queue *q)
{
    return q->mode == PP_MODE_STREAM ? 0 : FRAMING_HEADER;
}

/* With the lock held: takes the bytes from the port's limit and makes room for them. */
static pp_status queue__admit(send_queue *q, size_t bytes)
{
    if (q->queued >= q->high_mark || !budget_take(q->budget, q->strand, bytes, q->queued, false)) {
        q->want_writable = true;
        q->wanted = bytes;
        q->refusals++;
        return PP_E_AGAIN;
    }
    if (!queue__make_room(&q->filling, bytes)) {
        budget_give(q->budget, bytes);
        return PP_E_MEMORY;
    }
    q->queued += bytes;
    return PP_OK;
}

static pp_status queue__send(send_queue *q, const void *data, size_t length)
{
    pp_status status;

    if (q->receive_only)
        return PP_E_DIRECTION;
    if (!q->accepting)
        return PP_E_CLOSING;
    if (length > q->max_message)
        return PP_E_TOO_LONG;
    if (length == 0 && q->mode == PP_MODE_STREAM)
        return PP_OK;
    status = queue__admit(q, length + queue__overhead(q));
    if (status != PP_OK)
        return status;
    if (q->mode != PP_MODE_STREAM)
        queue__append_header(&q->filling, (uint32_t)length);
    queue__append(&q->filling, data, length);
    q->filling.messages++;
    q->filling.payload += length;
    return PP_OK;
}

pp_status queue_send(send_queue *q, const void *data, size_t length)
{
    pp_status status;

    AcquireSRWLockExclusive(&q->lock);
    status = queue__send(q, data, length);
    ReleaseSRWLockExclusive(&q->lock);
    return status;
}

pp_status queue_end(send_queue *q)
{
    pp_status status = PP_E_CLOSING;

    AcquireSRWLockExclusive(&q->lock);
    if (q->accepting) {
        /* The end is owed whatever the limits say; it is 4 bytes, once. */
        status = queue__make_room(&q->filling, FRAMING_HEADER) ? PP_OK : PP_E_MEMORY;
        if (status == PP_OK) {
            /* In message mode it is a message of no bytes. */
            queue__append_header(&q->filling, q->mode == PP_MODE_FRAMED ? FRAMING_END : 0);
            q->queued += FRAMING_HEADER;
            InterlockedAdd64(&q->budget->used, FRAMING_HEADER);
            q->accepting = false;
        }
    }
    ReleaseSRWLockExclusive(&q->lock);
    return status;
}

void queue_close(send_queue *q)
{
    AcquireSRWLockExclusive(&q->lock);
    q->accepting = false;
    ReleaseSRWLockExclusive(&q->lock);
}

void queue_take_all(send_queue *q, queue_buffer *taken)
{
    queue_buffer spare = *taken;

    spare.start = spare.end = 0;
    spare.messages = spare.payload = 0;
    AcquireSRWLockExclusive(&q->lock);
    *taken = q->filling;
    q->filling = spare;
    ReleaseSRWLockExclusive(&q->lock);
}

void queue_done(send_queue *q, size_t bytes)
{
    AcquireSRWLockExclusive(&q->lock);
    q->queued -= bytes;
    ReleaseSRWLockExclusive(&q->lock);
    budget_give(q->budget, bytes);
}

/* The claimant's message and its answer fit in the reserve, but nothing besides. */
static bool queue__below_limit(send_queue *q)
{
    return budget_has_free(q->budget, q->queued + q->wanted) ||
           (q->queued == 0 && q->budget->claimant == q->strand);
}

queue_room queue_look_for_room(send_queue *q, uint64_t *refusals, size_t *bytes)
{
    queue_room room = QUEUE_ROOM_UNASKED;

    AcquireSRWLockExclusive(&q->lock);
    *bytes = q->queued + q->wanted;
    *refusals = q->refusals;
    q->refusals = 0;
    if (q->want_writable && q->accepting && q->queued <= q->low_mark)
        room = queue__below_limit(q) ? QUEUE_ROOM_AGAIN : QUEUE_ROOM_STARVED;
    if (room == QUEUE_ROOM_AGAIN)
        q->want_writable = false;
    ReleaseSRWLockExclusive(&q->lock);
    return room;
}

size_t queue_bytes(send_queue *q)
{
    size_t queued;

    AcquireSRWLockExclusive(&q->lock);
    queued = q->queued;
    ReleaseSRWLockExclusive(&q->lock);
    return queued;
}

bool queue_is_writable(send_queue *q)
{
    bool writable;

    AcquireSRWLockExclusive(&q->lock);
    writable = q->accepting && q->queued < q->high_mark &&
               budget_has_free(q->budget, q->queued + q->max_message);
    ReleaseSRWLockExclusive(&q->lock);
    return writable;
}

void queue_trim(send_queue *q)
{
    AcquireSRWLockExclusive(&q->lock);
    if (q->filling.end == 0)
        queue_buffer_free(&q->filling);
    ReleaseSRWLockExclusive(&q->lock);
}
