/*
 * What each worker has for itself and finds without asking the port: the strands that became ready
 * on it, those that it looks at by itself, the turn that it runs, the time that its callbacks took,
 * and its counters.
 *
 * The rule. A `local` belongs to its worker's thread, with two exceptions. The lock guards `ready`
 * and `polled`, since the watch steals from them, and other workers add to `polled`. The watch
 * reads `running` and `turns` without a lock: it looks again later, so a stale value costs at most
 * a tick.
 *
 * A reference to an object may outlive the port, and its holder may still ask whether the object's
 * turn is running here. So local_here compares addresses only: it never dereferences `all`.
 */
#ifndef PP_IOCP_LOCAL_H
#define PP_IOCP_LOCAL_H

#include "base/list.h"
#include "base/win.h"
#include "iocp/counters.h"

typedef struct local {
    const struct locals *all;
    SRWLOCK lock; /* for `ready`, `polled` and `polls` */
    fifo ready;
    fifo polled; /* strands that the worker looks at (poll.h) */
    bool polls;  /* it takes more of them */

    void *volatile running;      /* the strand whose turn runs, or NULL */
    volatile LONG turns;         /* grows with each turn */
    bool stays;                  /* this turn's strand is to be polled */
    bool answering;              /* this turn is delivering a message */
    bool slow;                   /* recent callbacks left no time for other turns */
    unsigned callbacks;          /* since the clock was read (callback.h) */
    unsigned callbacks_a_clock;  /* that share a reading of it */
    uint64_t callback_began;     /* the first of these */
    uint64_t tick;               /* of the system, when the clock was read */
    uint64_t callback_ns;        /* spent in callbacks in this round */
    uint64_t callback_ns_before; /* of that, before the present turn */
    counters counters;
} local;

/* The locals of all workers of a port. */
typedef struct locals {
    local *of;
    unsigned count;
    counters foreign; /* what threads outside the pool count */
} locals;

/* Returns a Windows error or 0; after an error locals_free is still due. */
DWORD locals_init(locals *all, unsigned count);
void locals_free(locals *all);

/* Makes the calling thread this worker. */
void local_enter(local *l);

/* The local of the calling thread; NULL: it is no worker of this port. The port need not exist any
 * more. */
local *local_here(const locals *all);

void local_push(local *l, fifo_link *strand);
void local_push_all(local *l, fifo *strands);

/* Takes the strand that became ready first, or NULL. */
fifo_link *local_next(local *l);
bool local_has_ready(local *l);

/* Takes everything that is ready here. The watch may call it, too. */
void local_steal(local *l, fifo *taken);

/* Adds to `which` in the worker's own block, for the worker. */
static inline void local_count(local *l, counter which, int64_t amount)
{
    l->counters.value[which] += amount;
}

/* Adds to `which` in the block of the calling thread. */
void counter_add(locals *all, counter which, int64_t amount);

/* The sum over all blocks. */
uint64_t counter_sum(const locals *all, counter which);

#endif
