#include "pipe/outbox.h"

#include "pipe/framing.h"

#include <assert.h>

#define OUTBOX__OWN 4096u          /* bytes that each outbox may always hold */
#define OUTBOX__KEEP (128u * 1024) /* spare memory kept while busy; more while sends use it */

void outbox_init(outbox *o, const pp_conn_options *options, uint32_t most, budget *b, strand *s,
                 LONG event)
{
    *o = (outbox){.budget = b, .strand = s, .most = most};
    budget_account_init(&o->account, BUDGET_ANSWER, s, event);
    InitializeSRWLock(&o->lock);
    o->mode = options->mode;
    o->receive_only = options->direction == PP_DIRECTION_INBOUND;
    o->max_message = options->max_message;
    o->high_mark = options->high_mark;
    o->low_mark = options->low_mark;
}

/* ---- The port's limit; with the lock held ---------------------------------------------------- */

static size_t outbox__overhead(const outbox *o)
{
    return o->mode == PP_MODE_STREAM ? 0 : FRAMING_HEADER;
}

/* How much more the account must hold when so many bytes are copied; negative: less. */
static int64_t outbox__missing(const outbox *o, size_t copied)
{
    int64_t counted = copied > OUTBOX__OWN ? (int64_t)(copied - OUTBOX__OWN) : 0;

    return counted - (int64_t)budget_held(&o->account);
}

/* An answer, and a send whose account was called, may go further into the limit than others. */
static budget_reach outbox__reach(const outbox *o)
{
    return strand_is_answering(o->strand) || budget_is_called(&o->account) ? BUDGET_RESERVE
                                                                           : BUDGET_GENERAL;
}

static bool outbox__take(outbox *o, size_t bytes)
{
    int64_t missing = outbox__missing(o, o->copied + bytes);

    return missing <= 0 || budget_grow(o->budget, &o->account, (uint64_t)missing, outbox__reach(o));
}

/* Gives back what the account holds for bytes that are gone. */
static void outbox__give_back(outbox *o)
{
    int64_t missing = outbox__missing(o, o->copied);

    if (missing < 0)
        budget_shrink(o->budget, &o->account, (uint64_t)-missing);
}

/* ---- Accepting; with the lock held ----------------------------------------------------------- */

static pp_status outbox__refuse(outbox *o, size_t bytes)
{
    o->want_writable = true;
    o->want_answer = o->want_answer || strand_is_answering(o->strand);
    o->wanted = bytes;
    o->refusals++;
    return PP_E_AGAIN;
}

/* Takes the cost of a message from the port's limit, and makes room for it. */
static pp_status outbox__admit(outbox *o, size_t copied, size_t shared)
{
    size_t cost = copied + (shared > 0 ? sizeof(records_shared) : 0);

    if (o->queued >= o->high_mark || !outbox__take(o, cost))
        return outbox__refuse(o, cost);
    if (!records_make_room(&o->filling, copied, shared > 0)) {
        outbox__give_back(o);
        return PP_E_MEMORY;
    }
    o->queued += copied + shared;
    o->copied += cost;
    return PP_OK;
}

static pp_status outbox__refusal(const outbox *o)
{
    return o->state == OUTBOX_ENDED  ? PP_E_ENDED
           : o->state != OUTBOX_OPEN ? PP_E_CLOSING
           : o->receive_only         ? PP_E_DIRECTION
                                     : PP_OK;
}

/* Accepts a message of `length` bytes and writes its header; `shared` of them are not copied. */
static pp_status outbox__accept(outbox *o, size_t length, size_t shared)
{
    pp_status status = outbox__refusal(o);

    if (status != PP_OK)
        return status;
    if (length > o->max_message)
        return PP_E_TOO_LONG;
    if (length == 0 && o->mode == PP_MODE_STREAM)
        return PP_OK; /* nothing to send */
    status = outbox__admit(o, outbox__overhead(o) + length - shared, shared);
    if (status != PP_OK)
        return status;
    if (o->mode != PP_MODE_STREAM)
        records_add_header(&o->filling, (uint32_t)length);
    o->filling.messages++;
    o->filling.payload += length;
    return PP_OK;
}

/* The end of sending ignores the limits: it is 4 bytes, once. */
static pp_status outbox__append_end(outbox *o)
{
    int64_t missing = outbox__missing(o, o->copied + FRAMING_HEADER);

    if (!records_make_room(&o->filling, FRAMING_HEADER, false))
        return PP_E_MEMORY;
    /* In message mode the end is a message of no bytes. */
    records_add_header(&o->filling, o->mode == PP_MODE_FRAMED ? FRAMING_END : 0);
    o->queued += FRAMING_HEADER;
    o->copied += FRAMING_HEADER;
    if (missing > 0)
        budget_grow_anyway(o->budget, &o->account, (uint64_t)missing);
    return PP_OK;
}

/* ---- For senders of any thread -------------------------------------------------------------- */

pp_status outbox_send(outbox *o, const void *data, size_t length)
{
    pp_status status;

    AcquireSRWLockExclusive(&o->lock);
    status = outbox__accept(o, length, 0);
    if (status == PP_OK)
        records_add(&o->filling, data, length);
    ReleaseSRWLockExclusive(&o->lock);
    return status;
}

pp_status outbox_send_shared(outbox *o, pp_buffer *buffer)
{
    size_t size = pp_buffer_size(buffer);
    pp_status status;

    AcquireSRWLockExclusive(&o->lock);
    status = outbox__accept(o, size, size);
    if (status == PP_OK && size > 0)
        records_add_shared(&o->filling, buffer);
    ReleaseSRWLockExclusive(&o->lock);
    return status;
}

pp_status outbox_end(outbox *o)
{
    pp_status status;

    AcquireSRWLockExclusive(&o->lock);
    status = outbox__refusal(o);
    /* A socket shuts down once everything is written. */
    if (status == PP_OK && o->mode != PP_MODE_STREAM)
        status = outbox__append_end(o);
    if (status == PP_OK)
        o->state = OUTBOX_ENDED;
    ReleaseSRWLockExclusive(&o->lock);
    return status;
}

void outbox_close(outbox *o)
{
    AcquireSRWLockExclusive(&o->lock);
    if (o->state < OUTBOX_CLOSED)
        o->state = OUTBOX_CLOSED;
    ReleaseSRWLockExclusive(&o->lock);
}

size_t outbox_bytes(outbox *o)
{
    size_t queued;

    AcquireSRWLockExclusive(&o->lock);
    queued = o->queued;
    ReleaseSRWLockExclusive(&o->lock);
    return queued;
}

bool outbox_is_writable(outbox *o)
{
    int64_t missing;
    bool writable;

    AcquireSRWLockExclusive(&o->lock);
    missing = outbox__missing(o, o->copied + outbox__overhead(o) + (size_t)o->max_message);
    writable = outbox__refusal(o) == PP_OK && o->queued < o->high_mark &&
               (missing <= 0 || budget_has(o->budget, &o->account, (uint64_t)missing));
    ReleaseSRWLockExclusive(&o->lock);
    return writable;
}

/* ---- For the connection's turn -------------------------------------------------------------- */

bool outbox_has_ended(outbox *o)
{
    bool ended;

    AcquireSRWLockExclusive(&o->lock);
    ended = o->state != OUTBOX_OPEN;
    ReleaseSRWLockExclusive(&o->lock);
    return ended;
}

/* Takes everything accepted. The memory of `active`, which is empty, becomes the next to fill, also
 * when nothing was accepted: so one memory serves who sends and waits in turns. */
static void outbox__take_all(outbox *o)
{
    records spare = o->active;

    o->lent = spare.size;
    AcquireSRWLockExclusive(&o->lock);
    o->active = o->filling;
    o->filling = spare;
    ReleaseSRWLockExclusive(&o->lock);
}

bool outbox_next(outbox *o, piece *p)
{
    if (records_is_empty(&o->active))
        outbox__take_all(o);
    if (records_is_empty(&o->active))
        return false;
    *p = records_next(&o->active, o->mode, o->most);
    return true;
}

/* Whether it is larger than sends need, or an account waits for memory. */
static bool outbox__is_oversized(const outbox *o)
{
    return o->active.size > OUTBOX__KEEP &&
           (o->active.end < o->active.size / 4 || budget_is_short(o->budget));
}

records_tally outbox_done(outbox *o, size_t bytes)
{
    piece p = records_next(&o->active, o->mode, o->most);
    size_t dropped;
    records_tally tally = records_done(&o->active, o->mode, &p, bytes, &dropped);

    if (records_is_empty(&o->active) && outbox__is_oversized(o))
        records_free(&o->active);
    else if (records_is_empty(&o->active))
        records_rewind(&o->active);
    AcquireSRWLockExclusive(&o->lock);
    assert(o->queued >= p.copied + p.shared);
    o->queued -= p.copied + p.shared;
    o->copied -= p.copied + dropped * sizeof(records_shared);
    outbox__give_back(o);
    ReleaseSRWLockExclusive(&o->lock);
    return tally;
}

records_tally outbox_abandon(outbox *o)
{
    records_tally tally = records_count_begun(&o->active, o->mode);

    records_free(&o->active);
    AcquireSRWLockExclusive(&o->lock);
    records_free(&o->filling);
    o->state = OUTBOX_ABANDONED;
    o->queued = o->copied = 0;
    outbox__give_back(o);
    ReleaseSRWLockExclusive(&o->lock);
    return tally;
}

records_tally outbox_free(outbox *o)
{
    records_tally tally = outbox_abandon(o);

    budget_close(o->budget, &o->account);
    return tally;
}

/* With the lock held: whether a refused sender may try again. If only the port's limit is in the
 * way, waits for that. */
static bool outbox__look_for_room(outbox *o)
{
    int64_t missing = outbox__missing(o, o->copied + o->wanted);

    if (!o->want_writable || o->state == OUTBOX_ABANDONED)
        return o->want_writable;
    if (o->state != OUTBOX_OPEN || o->queued > o->low_mark || o->queued >= o->high_mark)
        return false;
    if (missing <= 0 || budget_has(o->budget, &o->account, (uint64_t)missing))
        return true;
    budget_wait(o->budget, &o->account, (uint64_t)missing,
                o->want_answer ? BUDGET_RESERVE : BUDGET_GENERAL);
    return false;
}

bool outbox_has_room_again(outbox *o, bool may_be_told, uint64_t *refusals)
{
    bool again;

    AcquireSRWLockExclusive(&o->lock);
    *refusals = o->refusals;
    o->refusals = 0;
    again = may_be_told && outbox__look_for_room(o);
    if (again)
        o->want_writable = o->want_answer = false;
    ReleaseSRWLockExclusive(&o->lock);
    return again;
}

void outbox_shrink(outbox *o)
{
    if (records_is_empty(&o->active))
        records_free(&o->active);
    o->lent = 0;
    AcquireSRWLockExclusive(&o->lock);
    if (records_is_empty(&o->filling))
        records_free(&o->filling);
    ReleaseSRWLockExclusive(&o->lock);
}
