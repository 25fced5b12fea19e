/*
 * The one clock: monotonic, and independent of changes of the wall clock.
 */
#ifndef PP_BASE_CLOCK_H
#define PP_BASE_CLOCK_H

#include <stdint.h>

/* A deadline that never comes. */
#define CLOCK_NEVER UINT64_MAX

/* Nanoseconds since some moment before the process began. */
uint64_t clock_ns(void);

/* The same in milliseconds, rounded down. */
uint64_t clock_ms(void);

/* Backing off: the pause after this one, in any unit. It doubles, up to `most`. */
static inline uint64_t clock_back_off(uint64_t pause, uint64_t most)
{
    return pause * 2 < most ? pause * 2 : most;
}

#endif
