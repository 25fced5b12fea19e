#include "iocp/timer.h"

#include "base/mem.h"
#include "iocp/port.h"
#include "iocp/strand.h"
#include "iocp/worker.h"

#define TIMER__FIRST_ROOM 64
#define TIMER__NO_INDEX SIZE_MAX
#define TIMER__MOST_WAIT (24u * 60 * 60 * 1000) /* one wait; longer deadlines take several */

void timers_init(timers *t)
{
    *t = (timers){0};
    InitializeSRWLock(&t->lock);
    t->first = t->covered = (LONG64)CLOCK_NEVER;
}

void timers_free(timers *t)
{
    mem_free(t->heap);
}

static uint64_t timers__read(volatile LONG64 *deadline)
{
    return (uint64_t)InterlockedCompareExchange64(deadline, 0, 0);
}

static void timers__write(volatile LONG64 *deadline, uint64_t value)
{
    InterlockedExchange64(deadline, (LONG64)value);
}

static void timers__place(timers *t, size_t index, timer *member)
{
    t->heap[index] = member;
    member->index = index;
}

static void timers__up(timers *t, size_t index)
{
    timer *member = t->heap[index];

    for (; index > 0 && t->heap[(index - 1) / 2]->deadline > member->deadline;
         index = (index - 1) / 2)
        timers__place(t, index, t->heap[(index - 1) / 2]);
    timers__place(t, index, member);
}

static void timers__down(timers *t, size_t index)
{
    timer *member = t->heap[index];

    for (size_t child; (child = 2 * index + 1) < t->count; index = child) {
        if (child + 1 < t->count && t->heap[child + 1]->deadline < t->heap[child]->deadline)
            child++;
        if (t->heap[child]->deadline >= member->deadline)
            break;
        timers__place(t, index, t->heap[child]);
    }
    timers__place(t, index, member);
}

static void timers__take_out(timers *t, timer *member)
{
    size_t index = member->index;
    timer *last = t->heap[--t->count];

    member->index = TIMER__NO_INDEX;
    member->deadline = CLOCK_NEVER;
    if (last == member)
        return;
    timers__place(t, index, last);
    timers__up(t, index);
    timers__down(t, last->index);
}

static void timers__note_first(timers *t)
{
    timers__write(&t->first, t->count > 0 ? t->heap[0]->deadline : CLOCK_NEVER);
}

bool timer_open(timer *t, strand *s, LONG event)
{
    timers *all = &s->port->timers;
    bool ok = true;

    t->deadline = CLOCK_NEVER;
    t->index = TIMER__NO_INDEX;
    t->strand = s;
    t->event = event;

    AcquireSRWLockExclusive(&all->lock);
    if (all->opened == all->room) {
        size_t room = all->room ? all->room * 2 : TIMER__FIRST_ROOM;
        timer **grown = mem_resize(all->heap, room * sizeof(timer *));

        ok = grown != NULL;
        if (ok) {
            all->heap = grown;
            all->room = room;
        }
    }
    all->opened += ok;
    ReleaseSRWLockExclusive(&all->lock);
    return ok;
}

void timer_close(timer *t)
{
    timers *all = &t->strand->port->timers;

    timer_stop(t);
    AcquireSRWLockExclusive(&all->lock);
    all->opened--;
    ReleaseSRWLockExclusive(&all->lock);
}

void timer_set(timer *t, uint64_t deadline)
{
    pp_port *port = t->strand->port;
    timers *all = &port->timers;
    bool uncovered;

    AcquireSRWLockExclusive(&all->lock);
    if (t->index == TIMER__NO_INDEX)
        timers__place(all, all->count++, t);
    t->deadline = deadline;
    timers__up(all, t->index);
    timers__down(all, t->index);
    timers__note_first(all);
    uncovered = deadline < timers__read(&all->covered);
    ReleaseSRWLockExclusive(&all->lock);

    /* A worker looks at the deadlines before it waits; for other threads one must be woken. */
    if (uncovered && !worker_current(port))
        inbox_give(port, &(queue){NULL, NULL});
}

void timer_stop(timer *t)
{
    timers *all = &t->strand->port->timers;

    AcquireSRWLockExclusive(&all->lock);
    if (t->index != TIMER__NO_INDEX) {
        timers__take_out(all, t);
        timers__note_first(all);
    }
    ReleaseSRWLockExclusive(&all->lock);
}

void timers_run(timers *t)
{
    uint64_t now;

    if (timers__read(&t->first) == CLOCK_NEVER || timers__read(&t->first) > (now = clock_ms()))
        return;
    AcquireSRWLockExclusive(&t->lock);
    while (t->count > 0 && t->heap[0]->deadline <= now) {
        timer *due = t->heap[0];

        timers__take_out(t, due);
        strand_raise(due->strand, due->event);
    }
    timers__note_first(t);
    ReleaseSRWLockExclusive(&t->lock);
}

bool timers_are_uncovered(timers *t)
{
    return timers__read(&t->first) < timers__read(&t->covered);
}

DWORD timers_cover(timers *t, uint64_t *deadline)
{
    uint64_t first = CLOCK_NEVER, now;

    *deadline = CLOCK_NEVER;
    if (!timers_are_uncovered(t))
        return INFINITE;
    AcquireSRWLockExclusive(&t->lock);
    if (timers_are_uncovered(t)) {
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

void timers_uncover(timers *t, uint64_t deadline)
{
    if (deadline == CLOCK_NEVER)
        return;
    AcquireSRWLockExclusive(&t->lock);
    if (timers__read(&t->covered) == deadline)
        timers__write(&t->covered, CLOCK_NEVER);
    ReleaseSRWLockExclusive(&t->lock);
}
