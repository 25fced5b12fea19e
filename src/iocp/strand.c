#include "iocp/strand.h"

#include <assert.h>

void strands_init(strands *all, inbox *in, watch *w, void (*is_over)(void *context), void *context)
{
    all->inbox = in;
    all->watch = w;
    all->is_over = is_over;
    all->context = context;
    InitializeSRWLock(&all->lock);
    list_init(&all->members);
    all->state = STRANDS_RUNNING;
    all->told = false;
}

void strands_free(strands *all)
{
    AcquireSRWLockExclusive(&all->lock);
    ReleaseSRWLockExclusive(&all->lock);
    assert(list_is_empty(&all->members));
}

/* With the lock held. If the port stops and the last strand has left, the port is over. */
static void strands__tell_if_over(strands *all)
{
    if (all->state == STRANDS_RUNNING || all->told || !list_is_empty(&all->members))
        return;
    all->told = true;
    all->is_over(all->context);
}

void strands_stop(strands *all, strands_state state, LONG event)
{
    AcquireSRWLockExclusive(&all->lock);
    if (all->state < state) {
        all->state = state;
        for (list *link = all->members.next; link != &all->members; link = link->next)
            strand_raise(CONTAINER_OF(link, strand, member), event);
        strands__tell_if_over(all);
    }
    ReleaseSRWLockExclusive(&all->lock);
}

void strand_init(strand *s, strands *all, strand_fn *turn)
{
    s->events = STRAND_SCHEDULED;
    s->turn = turn;
    s->all = all;
    list_init(&s->member);
}

/* As soon as it is in a list, the watch may hand it to another worker, whose turn may free it. */
static void strand__make_ready(strand *s)
{
    strands *all = s->all;
    local *here = local_here(&all->locals);

    if (!here) {
        inbox_push(all->inbox, &s->ready);
        return;
    }
    local_push(here, &s->ready);
    if (here->running)
        watch_wake(all->watch);
}

bool strand_join(strand *s)
{
    bool ok;

    AcquireSRWLockExclusive(&s->all->lock);
    ok = s->all->state == STRANDS_RUNNING;
    if (ok)
        list_append(&s->all->members, &s->member);
    ReleaseSRWLockExclusive(&s->all->lock);
    return ok;
}

void strand_retire(strand *s)
{
    strands *all = s->all;

    AcquireSRWLockExclusive(&all->lock);
    assert(s->events & STRAND_SCHEDULED);
    list_remove(&s->member);
    strands__tell_if_over(all);
    ReleaseSRWLockExclusive(&all->lock);
}

void strand_go(strand *s, LONG events)
{
    InterlockedOr(&s->events, events);
    strand__make_ready(s);
}

void strand_raise(strand *s, LONG events)
{
    /* If it was scheduled before, its turn will see the events, or it has retired. */
    if (!(InterlockedOr(&s->events, events | STRAND_SCHEDULED) & STRAND_SCHEDULED))
        strand__make_ready(s);
}

/* The port may be gone: local_here only compares addresses. */
bool strand_is_here(const strand *s)
{
    local *here = local_here(&s->all->locals);

    return here && here->running == s;
}

bool strand_has_others(const strand *s)
{
    return !s->here->slow && local_has_ready(s->here);
}

bool strand_is_answering(const strand *s)
{
    local *here = local_here(&s->all->locals);

    return here && here->answering;
}

void strand_stay(const strand *s)
{
    assert(strand_is_here(s));
    s->here->stays = true;
}

static bool strand__let_go(strand *s)
{
    return InterlockedCompareExchange(&s->events, 0, STRAND_SCHEDULED) == STRAND_SCHEDULED;
}

bool strand_rest(strand *s)
{
    return s->turn(s, STRAND_REST) && strand__let_go(s);
}

strand_next strand_run(strand *s, local *here)
{
    LONG events = InterlockedExchange(&s->events, STRAND_SCHEDULED) & ~STRAND_SCHEDULED;

    s->here = here;
    here->stays = false;
    if (!s->turn(s, events))
        return STRAND_IDLE;
    if (here->stays)
        return STRAND_STAYS;
    return strand__let_go(s) ? STRAND_IDLE : STRAND_AGAIN;
}
