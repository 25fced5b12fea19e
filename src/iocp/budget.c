#include "iocp/budget.h"

#include "iocp/port.h"
#include "iocp/strand.h"
#include "iocp/worker.h"

#define BUDGET__MESSAGES 4  /* a message is at most this fraction of the limit */
#define BUDGET__OVERHEAD 64 /* of a message, such as its header */
#define BUDGET__CREDIT 32   /* all credit together is at most this fraction of the limit */
#define BUDGET__MOST_GRAIN (64 * 1024)

void budget_init(budget *b, uint64_t limit, unsigned workers)
{
    int64_t share = (int64_t)limit / BUDGET__CREDIT / 2 / workers;

    *b = (budget){0};
    b->limit = (int64_t)limit;
    b->grain = share < BUDGET__MOST_GRAIN ? share : BUDGET__MOST_GRAIN;
    InitializeSRWLock(&b->lock);
    list_init(&b->waiters);
}

static void budget__raise_to(volatile LONG64 *value, int64_t least)
{
    int64_t seen = *value;

    while (seen < least) {
        int64_t before = InterlockedCompareExchange64(value, least, seen);

        if (before == seen)
            break;
        seen = before;
    }
}

uint64_t budget_reserve(budget *b, uint64_t wanted)
{
    uint64_t longest = (uint64_t)b->limit / BUDGET__MESSAGES;

    if (wanted > longest)
        wanted = longest;
    budget__raise_to(&b->reserve, (int64_t)(wanted + BUDGET__OVERHEAD) * 2);
    return wanted;
}

static bool budget__take_below(budget *b, int64_t bytes, int64_t limit)
{
    int64_t seen = b->used, before;

    for (; seen + bytes <= limit; seen = before) {
        before = InterlockedCompareExchange64(&b->used, seen + bytes, seen);
        if (before == seen) {
            budget__raise_to(&b->most, seen + bytes);
            return true;
        }
    }
    return false;
}

static bool budget__claim(budget *b, strand *s, budget_reach reach)
{
    if (b->claimant == s)
        return reach != BUDGET_GENERAL;
    return reach == BUDGET_CLAIM &&
           InterlockedCompareExchangePointer((void *volatile *)&b->claimant, s, NULL) == NULL;
}

/* What everybody may take, as far as `own` bytes leave it. */
static int64_t budget__general(const budget *b, uint64_t own)
{
    return b->limit - b->reserve - (int64_t)own;
}

void budget_take_anyway(budget *b, uint64_t bytes)
{
    InterlockedAdd64(&b->used, (int64_t)bytes);
}

/* What anyone may still take. */
static int64_t budget__free(budget *b)
{
    return budget__general(b, 0) - b->used;
}

bool budget_has_free(budget *b, uint64_t bytes)
{
    return (int64_t)bytes <= budget__free(b);
}

bool budget_claimant_has_free(budget *b, const strand *s, uint64_t bytes)
{
    return b->claimant == s && (int64_t)bytes <= b->limit - b->used;
}

/* Wakes those for whom there is room, in the order in which they began to wait, and one more if the
 * claim is free. */
static void budget__wake(budget *b)
{
    int64_t left;
    bool claim_free = b->claimant == NULL;

    AcquireSRWLockExclusive(&b->lock);
    left = budget__free(b);
    for (list *link = b->waiters.next, *next; link != &b->waiters; link = next) {
        budget_waiter *w = CONTAINER_OF(link, budget_waiter, link);
        bool fits = (int64_t)(w->bytes + w->own) <= left ||
                    budget_claimant_has_free(b, w->strand, w->bytes);

        next = link->next;
        if (!fits && !(w->for_claim && claim_free))
            continue;
        if (fits)
            left -= (int64_t)w->bytes;
        else
            claim_free = false;
        list_remove(&w->link);
        strand_raise(w->strand, w->event);
    }
    InterlockedExchange(&b->waiting, !list_is_empty(&b->waiters));
    ReleaseSRWLockExclusive(&b->lock);
}

static void budget__give_back(budget *b, int64_t bytes)
{
    if (bytes == 0)
        return;
    InterlockedAdd64(&b->used, -bytes);
    if (b->waiting)
        budget__wake(b);
}

/* After bytes became credit: if somebody has begun to wait, they are his. He sets `waiting` first
 * and then takes the credit, and here it is looked at the other way round: one of the two has it.
 */
static void budget__settle(budget *b, worker *w)
{
    if (b->waiting)
        budget__give_back(b, InterlockedExchange64(&w->credit, 0));
}

static bool budget__take_from(volatile LONG64 *credit, int64_t bytes)
{
    int64_t seen = *credit, before;

    for (; seen >= bytes; seen = before) {
        before = InterlockedCompareExchange64(credit, seen - bytes, seen);
        if (before == seen)
            return true;
    }
    return false;
}

/* From the worker's credit, which is filled up when it does not suffice. */
static bool budget__take_credit(budget *b, worker *w, int64_t bytes, uint64_t own)
{
    if (b->waiting || bytes > b->grain || b->used > budget__general(b, own))
        return false;
    if (budget__take_from(&w->credit, bytes))
        return true;
    if (!budget__take_below(b, b->grain, budget__general(b, own)))
        return false;
    InterlockedAdd64(&w->credit, b->grain - bytes);
    budget__settle(b, w);
    return true;
}

bool budget_take(budget *b, strand *s, uint64_t bytes, uint64_t own, budget_reach reach)
{
    worker *here = worker_current(s->port);

    if (here && budget__take_credit(b, here, (int64_t)bytes, own))
        return true;
    if (budget__take_below(b, (int64_t)bytes, budget__general(b, own)))
        return true;
    return budget__claim(b, s, reach) && budget__take_below(b, (int64_t)bytes, b->limit);
}

void budget_give(budget *b, strand *s, uint64_t bytes)
{
    worker *here = worker_current(s->port);
    int64_t credit;

    /* What the claimant had of the reserve goes back there. */
    if (!here || b->waiting || b->used > budget__general(b, 0)) {
        budget__give_back(b, (int64_t)bytes);
        return;
    }
    credit = InterlockedAdd64(&here->credit, (int64_t)bytes);
    if (credit > 2 * b->grain && budget__take_from(&here->credit, credit - b->grain))
        budget__give_back(b, credit - b->grain);
    budget__settle(b, here);
}

/* Takes the credit of all workers, also of those that are idle. */
static void budget__collect(budget *b, pp_port *port)
{
    int64_t bytes = 0;

    for (unsigned i = 0; i < port->worker_count; i++)
        bytes += InterlockedExchange64(&port->workers[i].credit, 0);
    budget__give_back(b, bytes);
}

void budget_release_claim(budget *b, strand *s)
{
    if (b->claimant != s)
        return;
    InterlockedExchangePointer((void *volatile *)&b->claimant, NULL);
    if (b->waiting)
        budget__wake(b);
}

void budget_waiter_init(budget_waiter *w, strand *s, LONG event)
{
    list_init(&w->link);
    w->strand = s;
    w->event = event;
}

void budget_wait(budget *b, budget_waiter *w, uint64_t bytes, uint64_t own, bool for_claim)
{
    AcquireSRWLockExclusive(&b->lock);
    if (list_is_empty(&w->link)) {
        w->bytes = bytes;
        w->own = own;
        w->for_claim = for_claim;
        list_append(&b->waiters, &w->link);
    } else {
        if (bytes + own < w->bytes + w->own) {
            w->bytes = bytes;
            w->own = own;
        }
        w->for_claim = w->for_claim || for_claim;
    }
    InterlockedExchange(&b->waiting, 1);
    ReleaseSRWLockExclusive(&b->lock);
    budget__collect(b, w->strand->port);
    /* What was given back between the refusal and this line woke nobody: look again. */
    if (budget_has_free(b, bytes + own) || budget_claimant_has_free(b, w->strand, bytes) ||
        (for_claim && !b->claimant))
        budget__wake(b);
}

bool budget_is_waiting(budget *b, budget_waiter *w)
{
    bool waiting;

    AcquireSRWLockExclusive(&b->lock);
    waiting = !list_is_empty(&w->link);
    ReleaseSRWLockExclusive(&b->lock);
    return waiting;
}

void budget_pass_on(budget *b)
{
    if (b->waiting && !b->claimant)
        budget__wake(b);
}

void budget_wait_no_more(budget *b, budget_waiter *w)
{
    AcquireSRWLockExclusive(&b->lock);
    list_remove(&w->link);
    ReleaseSRWLockExclusive(&b->lock);
}
