/*
 * The clock of all measurements, and waiting for a moment by it.
 */
#ifndef PIPE_LOAD_MOMENT_H
#define PIPE_LOAD_MOMENT_H

#include "win.h"

#include <stdbool.h>
#include <stdint.h>

#define MOMENT_SECOND 1000000000ull

/* To be called once, before the first thread starts. */
void moment_open(void);

/* Nanoseconds since some moment before the process began. */
uint64_t moment_now(void);

/* A timer of the finest resolution that the system has; for one thread. NULL: there is none. */
HANDLE moment_timer_open(void);

/* Waits for `moment`; not at all when it has passed. False: `stop` was set meanwhile. */
bool moment_wait(HANDLE timer, uint64_t moment, HANDLE stop);

#endif
