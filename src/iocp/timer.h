/*
 * Timers of the port: a heap of deadlines, each of which raises an event of a strand. One waiting
 * worker at a time covers the first deadline with the time it waits.
 *
 * The rule. A timer is set and stopped by its strand's turn. It raises its event under the heap's
 * lock, so once timer_stop has returned it does not touch the strand again. Room in the heap is
 * taken when the timer is opened, so setting it cannot fail.
 */
#ifndef PP_IOCP_TIMER_H
#define PP_IOCP_TIMER_H

#include "base/clock.h"
#include "base/heap.h"
#include "base/win.h"
#include "pipeport.h"

struct strand;

typedef struct timer {
    uint64_t deadline; /* by clock_ms; CLOCK_NEVER while it is not set */
    heap_node place;   /* in the heap while it is set */
    struct strand *strand;
    LONG event;
} timer;

typedef struct timers {
    SRWLOCK lock;
    heap heap;
    volatile LONG64 first;   /* the first deadline, to be read without the lock */
    volatile LONG64 covered; /* the deadline that a waiting worker will wake for */
} timers;

void timers_init(timers *t);
void timers_free(timers *t);

/* False: no memory. Every timer_open that succeeded is paired with a timer_close. */
bool timer_open(timer *t, struct strand *s, LONG event);
void timer_close(timer *t);

/* Sets or moves it. A deadline that has passed raises the event soon. */
void timer_set(timer *t, uint64_t deadline);
void timer_stop(timer *t);

/* Raises what is due. */
void timers_run(timers *t);

/* How long a worker may wait, and for which deadline; timers_uncover gives that back. */
DWORD timers_cover(timers *t, uint64_t *deadline);
void timers_uncover(timers *t, uint64_t deadline);

/* Whether a deadline is set that no worker waits for. */
bool timers_are_uncovered(timers *t);

#endif
