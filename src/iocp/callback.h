/*
 * How long callbacks take. A worker with slow callbacks takes fewer packets at once. The port
 * counts callbacks longer than slow_callback_ms, and the caller logs them.
 *
 * To read the clock may take longer than a callback that handles a small message. So callbacks that
 * follow each other share a reading, up to 16, as long as they are quick. A slow one ends the
 * sharing: the system's tick, which costs nothing to read, has changed meanwhile. So what is
 * reported as its time may include that of a few quick ones.
 */
#ifndef PP_IOCP_CALLBACK_H
#define PP_IOCP_CALLBACK_H

#include "iocp/port.h"

/* A callback that began at `*began`, by clock_ns, has returned, or several that share this reading.
 * If they took longer than slow_callback_ms, counts it and returns the milliseconds; else 0.
 * `*began` becomes the beginning of a callback that follows at once. */
uint64_t callback_took(pp_port *port, uint64_t *began);

/* A callback of a turn on this worker has returned, and another may follow at once. True:
 * callback_took is due; false: it may wait for the next one. */
bool callback_ends(local *here);

/* Whether some wait for it. */
static inline bool callback_is_unread(const local *here)
{
    return here->callbacks > 0;
}

#endif
