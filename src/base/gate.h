/*
 * Whether deliveries are paused: the user's part of the backpressure. Any thread may pause and
 * resume. A consumer that refuses a delivery pauses, too, unless a resume came since the delivery
 * began. That resume refers to this delivery. If the refusal shut the gate after it, nobody would
 * open the gate again.
 */
#ifndef PP_BASE_GATE_H
#define PP_BASE_GATE_H

#include "base/win.h"

#include <stdbool.h>

#define GATE_SHUT 1L /* the other bits count the resumes */

typedef struct gate {
    volatile LONG state;
} gate;

static inline LONG gate_ticket(const gate *g)
{
    return g->state;
}

static inline bool gate_is_shut(const gate *g)
{
    return (g->state & GATE_SHUT) != 0;
}

static inline void gate_shut(gate *g)
{
    InterlockedOr(&g->state, GATE_SHUT);
}

static inline void gate_open(gate *g)
{
    LONG seen = g->state, before;

    while ((before = InterlockedCompareExchange(&g->state, (seen & ~GATE_SHUT) + 2, seen)) != seen)
        seen = before;
}

/* Shuts the gate. False: a resume came since gate_ticket, and the gate stays open. */
static inline bool gate_shut_unless_reopened(gate *g, LONG ticket)
{
    LONG before = InterlockedCompareExchange(&g->state, ticket | GATE_SHUT, ticket);

    return before == ticket || (before & GATE_SHUT) != 0;
}

#endif
