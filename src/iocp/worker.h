/*
 * A worker: a thread that does rounds. In a round it dequeues packets, notes their results, raises
 * the timers that are due, and runs the turns that became ready.
 *
 * Why packets come in batches that adapt. One call into the kernel for many packets is cheap. But a
 * packet that a worker has taken is out of the other workers' reach, and waits there behind the
 * worker's callbacks. So the duration of recent callbacks decides: a worker with slow callbacks
 * takes one packet at a time, and one with fast callbacks up to 64. When the callbacks of a round
 * have taken 2 ms together, the worker gives its ready strands to the others and asks the port
 * again.
 *
 * A callback that does not return at all is the watch's matter: it hands over what waits behind
 * that. While callbacks are fast, only as many workers take packets as there are processors, and
 * the others stand by: more would only switch threads.
 */
#ifndef PP_IOCP_WORKER_H
#define PP_IOCP_WORKER_H

#include "iocp/poll.h"
#include "iocp/port.h"

typedef struct worker {
    pp_port *port;
    local *local;
    HANDLE thread;
    poller poller;
    uint64_t ask_at_ns; /* while it polls, when to ask the port next */
    unsigned rounds;
    unsigned packets;    /* to take in the next round */
    LONG turns_seen;     /* by the watch, at its last look */
    volatile bool stuck; /* the watch found it stuck in its turn (standby.h) */
} worker;

/* One for each of the port's locals; mem_free frees them. NULL: no memory. */
worker *workers_new(pp_port *port);

/* Starts its thread. Returns a Windows error or 0. */
DWORD worker_start(worker *w);

/* The watch's look at all workers of the port `context`. Helps where the same turn runs as at the
 * last look. True: a turn is running that may not end before the next look. */
bool workers_look(void *context, bool after_tick);

#endif
