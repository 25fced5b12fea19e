/*
 * Whether deliveries are paused. Any thread may pause and resume; a consumer that does not take a
 * delivery pauses too, but only if nobody has resumed since the delivery began: that resume was
 * meant for it, and must not be lost.
 */
#ifndef PP_BASE_GATE_H
#define PP_BASE_GATE_H

#include "base/win.h"

#include <stdbool.h>

#define GATE_SHUT 1L /* the other bits count how often it was opened */

typedef struct gate {
    volatile LONG state;
} gate;

static inline LONG gate_look(const gate *g)
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

/* Shuts it if it is as `seen`; false when it was opened since, and is open. */
static inline bool gate_shut_since(gate *g, LONG seen)
{
    LONG before = InterlockedCompareExchange(&g->state, seen | GATE_SHUT, seen);

    return before == seen || (before & GATE_SHUT) != 0;
}

#endif
