/*
 * Standby: where the workers wait that are more than the processors. On the port they would only
 * take turns with the others, and every packet would cost a switch of threads. One is called in
 * when callbacks turn out slow, and in place of one that is stuck in a callback; it stands by again
 * when callbacks are fast.
 *
 * The rule. Everything changes under the lock. `active` and `waiting` may be read without it: an
 * old number costs a round, not more.
 */
#ifndef PP_IOCP_STANDBY_H
#define PP_IOCP_STANDBY_H

#include "base/win.h"

#include <stdbool.h>

struct worker;

typedef struct standby {
    SRWLOCK lock;
    CONDITION_VARIABLE called;
    LONG processors;
    volatile LONG active, waiting;
    LONG calls; /* to those who wait, not yet heard */
    bool over;
} standby;

void standby_init(standby *s, unsigned processors);

/* A worker begins, and is active. */
void standby_enter(standby *s);

static inline bool standby_has_waiting(const standby *s)
{
    return s->waiting > 0;
}

/* Whether more are active than there are processors. */
static inline bool standby_has_too_many(const standby *s)
{
    return s->active > s->processors;
}

/* Stands by until called, or until it is over. BLOCKS. */
void standby_wait(standby *s);

/* Calls one in, if any waits. */
void standby_call(standby *s);

/* Calls one in for `w`, which is stuck in a callback and counts no longer as active; and `w` comes
 * back from it. */
void standby_replace(standby *s, struct worker *w);
void standby_return(standby *s, struct worker *w);

/* The port has ended: nobody waits any more. */
void standby_end(standby *s);

#endif
