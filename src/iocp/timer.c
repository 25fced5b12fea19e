#include "iocp/timer.h"

#include "base/list.h"

#include <assert.h>

#define TIMER__MOST_WAIT (24u * 60 * 60 * 1000) /* one wait; longer deadlines take several */

void timers_init(timers *t)
{
    *t = (timers){0};
    InitializeSRWLock(&t->lock);
    t->first = t->covered = (LONG64)CLOCK_NEVER;
}

void timers_free(timers *t)
{
    assert(t->heap.count == 0 && t->heap.reserved == 0);
    heap_free(&t->heap);
}

static uint64_t timers__read(volatile LONG64 *deadline)
{
    return (uint64_t)InterlockedCompareExchange64(deadline, 0, 0);
}

static void timers__write(volatile LONG64 *deadline, uint64_t value)
{
    InterlockedExchange64(deadline, (LONG64)value);
}

static void timers__take_out(timers *t, timer *member)
{
    heap_remove(&t->heap, &member->place);
    member->deadline = CLOCK_NEVER;
}

static void timers__note_first(timers *t)
{
    timers__write(&t->first, heap_first(&t->heap) ? heap_first(&t->heap)->key : CLOCK_NEVER);
}

bool timer_open(timer *t, timers *all, strand *s, LONG event)
{
    bool ok;

    t->all = all;
    t->deadline = CLOCK_NEVER;
    heap_node_init(&t->place);
    t->strand = s;
    t->event = event;

    AcquireSRWLockExclusive(&all->lock);
    ok = heap_reserve(&all->heap, 1);
    ReleaseSRWLockExclusive(&all->lock);
    return ok;
}

void timer_close(timer *t)
{
    AcquireSRWLockExclusive(&t->all->lock);
    if (heap_has(&t->place)) {
        timers__take_out(t->all, t);
        timers__note_first(t->all);
    }
    heap_unreserve(&t->all->heap, 1);
    ReleaseSRWLockExclusive(&t->all->lock);
}

void timer_set(timer *t, uint64_t deadline)
{
    assert(strand_is_here(t->strand));
    AcquireSRWLockExclusive(&t->all->lock);
    t->deadline = deadline;
    heap_put(&t->all->heap, &t->place, deadline);
    timers__note_first(t->all);
    ReleaseSRWLockExclusive(&t->all->lock);
}

bool timer_runs(const timer *t)
{
    return t->deadline != CLOCK_NEVER && t->deadline > clock_ms();
}

void timers_run(timers *t)
{
    heap_node *first;
    uint64_t now;

    if (timers__read(&t->first) == CLOCK_NEVER || timers__read(&t->first) > (now = clock_ms()))
        return;
    AcquireSRWLockExclusive(&t->lock);
    while ((first = heap_first(&t->heap)) != NULL && first->key <= now) {
        timer *due = CONTAINER_OF(first, timer, place);

        timers__take_out(t, due);
        strand_raise(due->strand, due->event);
    }
    timers__note_first(t);
    ReleaseSRWLockExclusive(&t->lock);
}

bool timers_need_a_waiter(timers *t)
{
    return timers__read(&t->first) < timers__read(&t->covered);
}

DWORD timers_begin_wait(timers *t, uint64_t *deadline)
{
    uint64_t first = CLOCK_NEVER, now;

    *deadline = CLOCK_NEVER;
    if (!timers_need_a_waiter(t))
        return INFINITE;
    AcquireSRWLockExclusive(&t->lock);
    if (timers_need_a_waiter(t)) {
        first = timers__read(&t->first);
        timers__write(&t->covered, first);
    }
    ReleaseSRWLockExclusive(&t->lock);
    if (first == CLOCK_NEVER)
        return INFINITE;
    *deadline = first;
    now = clock_ms();
    if (first <= now)
        return 0;
    return first - now < TIMER__MOST_WAIT ? (DWORD)(first - now) + 1 : TIMER__MOST_WAIT;
}

void timers_end_wait(timers *t, uint64_t deadline)
{
    if (deadline == CLOCK_NEVER)
        return;
    AcquireSRWLockExclusive(&t->lock);
    if (timers__read(&t->covered) == deadline)
        timers__write(&t->covered, CLOCK_NEVER);
    ReleaseSRWLockExclusive(&t->lock);
}
