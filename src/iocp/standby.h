/*
 * Standby: where workers wait that are more than the processors. On the port they would only take
 * turns with the others, and each packet would cost a switch of threads. One is called in when
 * callbacks are slow, and in place of a worker that is stuck in its turn. It stands by again when
 * its own callbacks are short.
 *
 * The rule. Everything changes under the lock. `active` counts the workers that neither wait here
 * nor are known to be stuck. standby_has_too_many reads it without the lock: a stale value at worst
 * lets a worker do one round too many, or stand by one round late.
 */
#ifndef PP_IOCP_STANDBY_H
#define PP_IOCP_STANDBY_H

#include "base/win.h"

#include <stdbool.h>

typedef struct standby {
    bool used; /* the workers are more than the processors; fixed */
    LONG processors;
    SRWLOCK lock;
    CONDITION_VARIABLE called;
    volatile LONG active;
    LONG waiting;
    LONG wakeups_granted; /* to workers that wait here and have not woken up yet */
    bool over;
} standby;

/* All workers are active. */
void standby_init(standby *s, unsigned processors, unsigned workers);

/* Whether more are active than the processors. */
static inline bool standby_has_too_many(const standby *s)
{
    return s->active > s->processors;
}

/* Stands by until called, or until the port has ended. BLOCKS. */
void standby_wait(standby *s);

/* Calls one in, if any waits. */
void standby_call(standby *s);

/* The worker with this `stuck` is stuck in its turn: counts it out, and calls one in if too few are
 * left; and it comes back. `stuck` changes here alone. */
void standby_replace(standby *s, volatile bool *stuck);
void standby_return(standby *s, volatile bool *stuck);

/* The port has ended: nobody waits any more. */
void standby_end(standby *s);

#endif
