/*
 * How long callbacks take. Their worker takes fewer packets at once when they are slow; those that
 * take longer than slow_callback_ms are counted, and logged by whoever called them.
 */
#ifndef PP_IOCP_CALLBACK_H
#define PP_IOCP_CALLBACK_H

#include "iocp/port.h"

/* A callback that began at `*began`, by clock_ns, has returned. The milliseconds that it took, if
 * they are over the limit and it was counted, or 0. `*began` becomes the beginning of a callback
 * that follows at once. */
uint64_t callback_took(pp_port *port, uint64_t *began);

#endif
