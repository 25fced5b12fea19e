/*
 * How long callbacks take. A worker with slow callbacks takes fewer packets at once. The port
 * counts callbacks longer than slow_callback_ms, and the caller logs them.
 */
#ifndef PP_IOCP_CALLBACK_H
#define PP_IOCP_CALLBACK_H

#include "iocp/port.h"

/* A callback that began at `*began`, by clock_ns, has returned. If it took longer than
 * slow_callback_ms, counts it and returns its milliseconds; else 0. `*began` becomes the beginning
 * of a callback that follows at once. */
uint64_t callback_took(pp_port *port, uint64_t *began);

#endif
