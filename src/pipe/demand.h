/*
 * Demand: how many instances should wait, from how many clients came of late. They are counted over
 * a time, since a burst comes in many turns. When as many came as always wait, nobody knows how
 * many more found the name busy: then as many should wait as may, until none comes for a while.
 */
#ifndef PP_PIPE_DEMAND_H
#define PP_PIPE_DEMAND_H

#include <stdint.h>

#define DEMAND_WINDOW_MS 1000 /* clients of this one and the one before are counted together */
#define DEMAND_CALM_MS 10000  /* after a burst, until no other is expected */

typedef struct demand {
    uint64_t window_at, before, in_window; /* times are those of clock_ms */
    uint64_t burst_ends;
} demand;

/* A client came, where at least `ready` wait. */
void demand_came(demand *d, uint64_t ready, uint64_t now);

/* How many should wait: `ready`, or `depth` after a burst. */
uint64_t demand_target(const demand *d, uint64_t ready, uint64_t depth, uint64_t now);

#endif
