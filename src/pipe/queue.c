#include "pipe/queue.h"

#include "base/mem.h"
#include "iocp/strand.h"
#include "pipe/framing.h"

#include <string.h>

#define QUEUE__FIRST_SIZE 256u
#define QUEUE__FIRST_SHARED 8u
#define QUEUE__OWN 4096u /* bytes that each queue may hold whatever the port's limit says */

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

void queue_init(send_queue *q, const pp_conn_options *options, budget *b, strand *s, LONG event)
{
    *q = (send_queue){0};
    budget_account_init(&q->account, BUDGET_ANSWER, s, event);
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

/* What the account must hold more, or less than 0, when so many bytes are copied. */
static int64_t queue__missing(const send_queue *q, size_t copied)
{
    int64_t counted = copied > QUEUE__OWN ? (int64_t)(copied - QUEUE__OWN) : 0;

    return counted - (int64_t)budget_held(&q->account);
}

/* With the lock held: takes from the port's limit; an answer, or who was called, may go further. */
static bool queue__take(send_queue *q, size_t bytes, bool answer)
{
    int64_t missing = queue__missing(q, q->copied + bytes);

    return missing <= 0 ||
           budget_grow(q->budget, &q->account, (uint64_t)missing,
                       answer || q->account.called ? BUDGET_RESERVE : BUDGET_GENERAL);
}

/* With the lock held: gives back what is held for bytes that are gone. */
static void queue__give_back(send_queue *q)
{
    int64_t missing = queue__missing(q, q->copied);

    if (missing < 0)
        budget_shrink(q->budget, &q->account, (uint64_t)-missing);
}

/* With the lock held. */
static pp_status queue__refuse(send_queue *q, size_t bytes, bool answer)
{
    q->want_writable = true;
    q->want_answer = q->want_answer || answer;
    q->wanted = bytes;
    q->refusals++;
    return PP_E_AGAIN;
}

/* With the lock held: takes what a message costs us from the port's limit, and makes room for it.
 */
static pp_status queue__admit(send_queue *q, size_t copied, size_t shared)
{
    size_t cost = copied + (shared > 0 ? sizeof(queue_shared) : 0);
    bool answer = strand_is_answering(q->strand);

    if (q->queued >= q->high_mark || !queue__take(q, cost, answer))
        return queue__refuse(q, cost, answer);
    if (!queue__make_room(&q->filling, copied) ||
        (shared > 0 && !queue__make_room_shared(&q->filling))) {
        queue__give_back(q);
        return PP_E_MEMORY;
    }
    q->queued += copied + shared;
    q->copied += cost;
    return PP_OK;
}

/* With the lock held: accepts a message of `length` bytes, of which `shared` are not copied, and
 * writes its header. */
static pp_status queue__accept(send_queue *q, size_t length, size_t shared)
{
    pp_status status;

    if (!q->accepting)
        return PP_E_CLOSING;
    if (q->receive_only)
        return PP_E_DIRECTION;
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

/* With the lock held: the end is owed whatever the limits say; it is 4 bytes, once. */
static pp_status queue__append_end(send_queue *q)
{
    int64_t missing = queue__missing(q, q->copied + FRAMING_HEADER);

    if (!queue__make_room(&q->filling, FRAMING_HEADER))
        return PP_E_MEMORY;
    /* In message mode it is a message of no bytes. */
    queue__append_header(&q->filling, q->mode == PP_MODE_FRAMED ? FRAMING_END : 0);
    q->queued += FRAMING_HEADER;
    q->copied += FRAMING_HEADER;
    if (missing > 0)
        budget_grow_anyway(q->budget, &q->account, (uint64_t)missing);
    q->accepting = false;
    return PP_OK;
}

pp_status queue_end(send_queue *q)
{
    pp_status status = PP_OK;

    AcquireSRWLockExclusive(&q->lock);
    if (!q->accepting)
        status = PP_E_CLOSING;
    else if (q->receive_only)
        status = PP_E_DIRECTION;
    else if (q->mode == PP_MODE_STREAM) /* a socket is shut down when everything is written */
        q->accepting = false;
    else
        status = queue__append_end(q);
    ReleaseSRWLockExclusive(&q->lock);
    return status;
}

void queue_close(send_queue *q)
{
    AcquireSRWLockExclusive(&q->lock);
    q->accepting = false;
    ReleaseSRWLockExclusive(&q->lock);
}

bool queue_is_over(send_queue *q)
{
    bool over;

    AcquireSRWLockExclusive(&q->lock);
    over = !q->accepting && q->queued == 0;
    ReleaseSRWLockExclusive(&q->lock);
    return over;
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

void queue_done(send_queue *q, size_t copied, size_t shared, size_t buffers)
{
    AcquireSRWLockExclusive(&q->lock);
    q->queued -= copied + shared;
    q->copied -= copied + buffers * sizeof(queue_shared);
    queue__give_back(q);
    ReleaseSRWLockExclusive(&q->lock);
}

void queue_abandon(send_queue *q, queue_buffer *taken)
{
    queue_buffer_free(taken);
    AcquireSRWLockExclusive(&q->lock);
    queue_buffer_free(&q->filling);
    q->accepting = false;
    q->abandoned = true;
    q->queued = q->copied = 0;
    queue__give_back(q);
    ReleaseSRWLockExclusive(&q->lock);
}

void queue_free(send_queue *q, queue_buffer *taken)
{
    queue_abandon(q, taken);
    budget_close(q->budget, &q->account);
}

/* With the lock held: whether a refused sender may try again, or else it waits for the limit. */
static bool queue__look_for_room(send_queue *q)
{
    int64_t missing = queue__missing(q, q->copied + q->wanted);

    if (!q->want_writable || q->abandoned)
        return q->want_writable;
    if (!q->accepting || q->queued > q->low_mark || q->queued >= q->high_mark)
        return false;
    if (missing <= 0 || budget_has(q->budget, &q->account, (uint64_t)missing))
        return true;
    budget_wait(q->budget, &q->account, (uint64_t)missing,
                q->want_answer ? BUDGET_RESERVE : BUDGET_GENERAL);
    return false;
}

bool queue_has_room_again(send_queue *q, bool may_be_told, uint64_t *refusals)
{
    bool again;

    AcquireSRWLockExclusive(&q->lock);
    *refusals = q->refusals;
    q->refusals = 0;
    again = may_be_told && queue__look_for_room(q);
    if (again)
        q->want_writable = q->want_answer = false;
    ReleaseSRWLockExclusive(&q->lock);
    return again;
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
    int64_t missing;
    bool writable;

    AcquireSRWLockExclusive(&q->lock);
    missing = queue__missing(q, q->copied + queue__overhead(q) + (size_t)q->max_message);
    writable = q->accepting && !q->receive_only && q->queued < q->high_mark &&
               (missing <= 0 || budget_has(q->budget, &q->account, (uint64_t)missing));
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
