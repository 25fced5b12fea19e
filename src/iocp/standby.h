/*
 * Standby: where the workers wait that are more than the processors. On the port they would only
 * take turns with the others, and every packet would cost a switch of threads. One is called in
 * when callbacks are slow, and in place of one that is stuck in its turn; it stands by again when
 * its own are short.
 *
 * The rule. Everything changes under the lock. `active` counts the workers that neither wait here
 * nor are known to be stuck; it may be read without the lock: an old number costs a round, not
 * more.
 */
#ifndef PP_IOCP_STANDBY_H
#define PP_IOCP_STANDBY_H

#include "base/win.h"

#include <stdbool.h>

struct worker;

typedef struct standby {
    bool used; /* there are more workers than processors; fixed */
    LONG processors;
    SRWLOCK lock;
    CONDITION_VARIABLE called;
    volatile LONG active;
    LONG waiting;
    LONG calls; /* to those who wait, not yet heard */
    bool over;
} standby;

/* All workers are active. */
void standby_init(standby *s, unsigned processors, unsigned workers);

/* Whether more are active than there are processors. */
static inline bool standby_has_too_many(const standby *s)
{
    return s->active > s->processors;
}

/* Stands by until called, or until it is over. BLOCKS. */
void standby_wait(standby *s);

/* Calls one in, if any waits. */
void standby_call(standby *s);

/* `w` is stuck in a turn: calls one in for it, if too few are left; and `w` comes back from it. */
void standby_replace(standby *s, struct worker *w);
void standby_return(standby *s, struct worker *w);

/* The port has ended: nobody waits any more. */
void standby_end(standby *s);

#endif
