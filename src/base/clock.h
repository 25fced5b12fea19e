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

#endif
