/*
 * How long callbacks take: their worker takes fewer packets at once when they are slow, and those
 * that take longer than slow_callback_ms are counted and logged, by whoever called them.
 */
#ifndef PP_IOCP_SLOW_H
#define PP_IOCP_SLOW_H

#include "base/win.h"
#include "pipeport.h"

/* A callback that began at `*began`, by clock_ns, has ended. The milliseconds that it took, if they
 * are over the limit and it was counted, or 0.
 * `*began` becomes the beginning of the callback that follows on it. */
uint64_t slow_took(pp_port *port, uint64_t *began);

#endif
