#include "pipe/queue.h"

#include "base/mem.h"
#include "iocp/strand.h"
#include "pipe/framing.h"

#include <string.h>

#define QUEUE__FIRST_SIZE 256u
#define QUEUE__FIRST_SHARED 8u

/* ---- The buffer ----------------------------------------------------------------------------- */

void queue_buffer_drop_shared(queue_buffer *b)
{
    pp_buffer_unref(&b->shared[b->shared_start++].buffer);
    b->shared_done = 0;
}

void queue_buffer_rewind(queue_buffer *b)
{
    b->start = b->end = 0;
    b->shared_start = b->shared_end = 0;
    b->messages = b->payload = 0;
}

void queue_buffer_free(queue_buffer *b)
{
    while (b->shared_start < b->shared_end)
        queue_buffer_drop_shared(b);
    mem_free(b->shared);
    mem_free(b->data);
    *b = (queue_buffer){0};
}

static bool queue__make_room_shared(queue_buffer *b)
{
    size_t size = b->shared_size ? b->shared_size * 2 : QUEUE__FIRST_SHARED;
    queue_shared *shared;

    if (b->shared_end < b->shared_size)
        return true;
    shared = mem_resize(b->shared, size * sizeof *shared);
    if (!shared)
        return false;
    b->shared = shared;
    b->shared_size = size;
    return true;
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

/* With the lock held: takes what is copied from the port's limit, and makes room for it. */
static pp_status queue__admit(send_queue *q, size_t copied, size_t shared)
{
    if (q->queued >= q->high_mark ||
        !budget_take(q->budget, q->strand, copied, q->counted, BUDGET_RESERVE)) {
        q->want_writable = true;
        q->wanted = copied;
        q->refusals++;
        return PP_E_AGAIN;
    }
    if (!queue__make_room(&q->filling, copied) ||
        (shared > 0 && !queue__make_room_shared(&q->filling))) {
        budget_give(q->budget, q->strand, copied);
        return PP_E_MEMORY;
    }
    q->queued += copied + shared;
    q->counted += copied;
    return PP_OK;
}

/* With the lock held: accepts a message of `length` bytes, of which `shared` are not copied, and
 * writes its header. */
static pp_status queue__accept(send_queue *q, size_t length, size_t shared)
{
    pp_status status;

    if (q->receive_only)
        return PP_E_DIRECTION;
    if (!q->accepting)
        return PP_E_CLOSING;
    if (length > q->max_message)
        return PP_E_TOO_LONG;
    if (length == 0 && q->mode == PP_MODE_STREAM)
        return PP_OK; /* nothing to send */
    status = queue__admit(q, queue__overhead(q) + length - shared, shared);
    if (status != PP_OK)
        return status;
    if (q->mode != PP_MODE_STREAM)
        queue__append_header(&q->filling, (uint32_t)length);
    q->filling.messages++;
    q->filling.payload += length;
    return PP_OK;
}

pp_status queue_send(send_queue *q, const void *data, size_t length)
{
    pp_status status;

    AcquireSRWLockExclusive(&q->lock);
    status = queue__accept(q, length, 0);
    if (status == PP_OK)
        queue__append(&q->filling, data, length);
    ReleaseSRWLockExclusive(&q->lock);
    return status;
}

pp_status queue_send_shared(send_queue *q, pp_buffer *buffer)
{
    queue_buffer *b = &q->filling;
    size_t size = pp_buffer_size(buffer);
    pp_status status;

    AcquireSRWLockExclusive(&q->lock);
    status = queue__accept(q, size, size);
    if (status == PP_OK && size > 0) {
        pp_buffer_ref(buffer);
        b->shared[b->shared_end++] = (queue_shared){b->end, buffer};
    }
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
            q->counted += FRAMING_HEADER;
            budget_take_anyway(q->budget, FRAMING_HEADER);
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

    queue_buffer_rewind(&spare);
    AcquireSRWLockExclusive(&q->lock);
    *taken = q->filling;
    q->filling = spare;
    ReleaseSRWLockExclusive(&q->lock);
}

void queue_done(send_queue *q, size_t copied, size_t shared)
{
    AcquireSRWLockExclusive(&q->lock);
    q->queued -= copied + shared;
    q->counted -= copied;
    ReleaseSRWLockExclusive(&q->lock);
    budget_give(q->budget, q->strand, copied);
}

void queue_drop_all(send_queue *q, queue_buffer *taken)
{
    size_t counted;

    queue_buffer_free(taken);
    AcquireSRWLockExclusive(&q->lock);
    queue_buffer_free(&q->filling);
    counted = q->counted;
    q->queued = q->counted = 0;
    ReleaseSRWLockExclusive(&q->lock);
    budget_give(q->budget, q->strand, counted);
}

static bool queue__below_limit(send_queue *q)
{
    return budget_has_free(q->budget, q->counted + q->wanted) ||
           budget_claimant_has_free(q->budget, q->strand, q->wanted);
}

queue_room queue_look_for_room(send_queue *q, uint64_t *refusals, size_t *bytes, size_t *own)
{
    queue_room room = QUEUE_ROOM_UNASKED;

    AcquireSRWLockExclusive(&q->lock);
    *bytes = q->wanted;
    *own = q->counted;
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
               budget_has_free(q->budget, q->counted + q->max_message);
    ReleaseSRWLockExclusive(&q->lock);
    return writable;
}

void queue_trim(send_queue *q)
{
    AcquireSRWLockExclusive(&q->lock);
    if (queue_buffer_is_empty(&q->filling))
        queue_buffer_free(&q->filling);
    ReleaseSRWLockExclusive(&q->lock);
}
