/*
 * Demand: how many instances should wait, judged by how many clients came recently. It counts
 * clients over a window of time, since a burst comes in many turns. If as many came as instances
 * always wait, more clients may have found the name busy, and nobody knows how many. Then as many
 * instances as allowed should wait, until no burst has come for a while.
 */
#ifndef PP_PIPE_DEMAND_H
#define PP_PIPE_DEMAND_H

#include <stdint.h>

#define DEMAND_WINDOW_MS 1000 /* demand counts clients of this window and the one before */
#define DEMAND_CALM_MS 10000  /* after a burst, until demand expects no other */

typedef struct demand {
    uint64_t window_at, before, in_window; /* times are those of clock_ms */
    uint64_t burst_ends;
} demand;

/* A client came, while at least `ready` instances wait. */
void demand_came(demand *d, uint64_t ready, uint64_t now);

/* How many instances should wait: `ready`, or `depth` after a burst. */
uint64_t demand_target(const demand *d, uint64_t ready, uint64_t depth, uint64_t now);

#endif
