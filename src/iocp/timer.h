/*
 * Timers of the port: a heap of deadlines, each of which raises an event of a strand. One waiting
 * worker at a time covers the first deadline: it waits for packets no longer than until then.
 *
 * The rule. A strand's own turn sets and stops its timers, on a worker, and each worker looks at
 * the deadlines before it waits. So nobody has to wake up. A timer raises its event under the
 * heap's lock, so once timer_close has returned it does not touch the strand again. timer_open
 * reserves room in the heap, so timer_set cannot fail.
 */
#ifndef PP_IOCP_TIMER_H
#define PP_IOCP_TIMER_H

#include "base/clock.h"
#include "base/heap.h"
#include "base/win.h"
#include "iocp/strand.h"

typedef struct timer {
    uint64_t deadline; /* by clock_ms; CLOCK_NEVER while it is not set */
    heap_node place;   /* in the heap while it is set */
    struct timers *all;
    strand *strand;
    LONG event;
} timer;

typedef struct timers {
    SRWLOCK lock;
    heap heap;
    volatile LONG64 first;   /* the first deadline, for readers without the lock */
    volatile LONG64 covered; /* the deadline that a waiting worker wakes up for */
} timers;

void timers_init(timers *t);
void timers_free(timers *t);

/* False: no memory. Every successful timer_open needs a timer_close. */
bool timer_open(timer *t, timers *all, strand *s, LONG event);
void timer_close(timer *t);

/* Sets or moves the timer; in its strand's turn. A past deadline raises the event soon. */
void timer_set(timer *t, uint64_t deadline);

/* Only moves it to an earlier deadline. So a deadline that every message moves away costs a message
 * nothing: the timer fires at the earlier one, and its strand looks again. */
static inline void timer_set_earlier(timer *t, uint64_t deadline)
{
    if (deadline < t->deadline)
        timer_set(t, deadline);
}

/* Whether it is set, and its deadline has not come. */
bool timer_runs(const timer *t);

/* Raises the events of all timers that are due. */
void timers_run(timers *t);

/* How long the worker may wait. `*deadline`: the deadline that it covers until timers_end_wait. */
DWORD timers_begin_wait(timers *t, uint64_t *deadline);
void timers_end_wait(timers *t, uint64_t deadline);

/* Whether a timer is set that no waiting worker covers. */
bool timers_need_a_waiter(timers *t);

#endif
