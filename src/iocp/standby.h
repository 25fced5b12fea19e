/*
 * Standby: where the workers wait that outnumber the processors. On the port they would only
 * alternate with the other workers, and each packet would cost a switch of threads. A worker that
 * finds its callbacks slow calls one in, and the watch calls one in for a worker that is stuck in
 * its turn. A called worker stands by again when its own callbacks are short.
 *
 * The rule. The lock guards all changes. `active` counts the workers that neither wait here nor are
 * known to be stuck. standby_has_too_many reads it without the lock: a stale value at worst lets a
 * worker do one round too many, or stand by one round late.
 */
#ifndef PP_IOCP_STANDBY_H
#define PP_IOCP_STANDBY_H

#include "base/win.h"

#include <stdbool.h>

typedef struct standby {
    bool used; /* more workers than processors; fixed */
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

/* Whether more workers are active than processors exist. */
static inline bool standby_has_too_many(const standby *s)
{
    return s->active > s->processors;
}

/* Stands by until a call, or until the port has ended. BLOCKS. */
void standby_wait(standby *s);

/* Calls a worker in, if one waits. */
void standby_call(standby *s);

/* standby_replace: the worker that owns `stuck` is stuck in its turn. It no longer counts as
 * active, and if too few workers are left, this calls one in. standby_return: that worker's turn
 * has ended. Only these two change `stuck`. */
void standby_replace(standby *s, volatile bool *stuck);
void standby_return(standby *s, volatile bool *stuck);

/* The port has ended: wakes all that wait. */
void standby_end(standby *s);

#endif
