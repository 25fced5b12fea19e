/*
 * What each worker has for itself, and finds without asking the port: the strands that became ready
 * on it, the turn that it runs, the time that its callbacks took, and its counters.
 *
 * The rule. A `local` belongs to its worker's thread, with two exceptions. `ready` is under the
 * lock, since the watch steals from it. The watch reads `running` and `turns` without a lock: it
 * asks again later, so an old value costs no more than a tick.
 *
 * A reference to an object may outlive its port, and its user may still ask whether the object's
 * turn is running here. So local_here compares addresses only: it never reads `all`.
 */
#ifndef PP_IOCP_LOCAL_H
#define PP_IOCP_LOCAL_H

#include "base/list.h"
#include "base/win.h"
#include "iocp/counters.h"

typedef struct local {
    const struct locals *all;
    SRWLOCK lock; /* for `ready` */
    fifo ready;

    void *volatile running;      /* the strand whose turn runs, or NULL */
    volatile LONG turns;         /* grows with each turn */
    bool answering;              /* a message is being delivered in this turn */
    bool slow;                   /* recent callbacks left no time for other turns */
    uint64_t callback_ns;        /* spent in callbacks in this round */
    uint64_t callback_ns_before; /* of that, before the present turn */
    counters counters;
} local;

/* Those of all workers of a port. */
typedef struct locals {
    local *of;
    unsigned count;
    counters foreign; /* what threads outside the pool count */
} locals;

/* A Windows error or 0. On failure locals_free is still due. */
DWORD locals_init(locals *all, unsigned count);
void locals_free(locals *all);

/* From here on the calling thread is this worker. */
void local_enter(local *l);

/* The calling thread's, or NULL when it is no worker of this port, which need not exist any more.
 */
local *local_here(const locals *all);

void local_push(local *l, fifo_link *strand);
void local_push_all(local *l, fifo *strands);

/* The strand that has waited longest, or NULL. */
fifo_link *local_next(local *l);
bool local_has_ready(local *l);

/* Takes everything that is ready here; also for the watch. */
void local_steal(local *l, fifo *taken);

/* Adds to `which` in the block of the calling thread. */
void counter_add(locals *all, counter which, int64_t amount);

/* The sum over all blocks. */
uint64_t counter_sum(const locals *all, counter which);

#endif
