/*
 * A worker: a thread that dequeues packets, notes their results, raises the timers that are due,
 * and then runs the turns that became ready. That is one round.
 *
 * How many packets a round takes follows from how long recent callbacks took. Taken packets are out
 * of the other workers' reach, so a worker with slow callbacks takes one at a time, while fast ones
 * take up to 64 with one call into the kernel. When the callbacks of a round have taken 2 ms, the
 * worker gives what still waits on it to the others, and asks the port again. A callback that does
 * not return at all is the watch's matter: it hands over what waits behind it. While callbacks are
 * fast, no more workers take packets than there are processors; the others stand by.
 */
#ifndef PP_IOCP_WORKER_H
#define PP_IOCP_WORKER_H

#include "iocp/port.h"

typedef struct worker {
    pp_port *port;
    local *local;
    HANDLE thread;
    unsigned packets;    /* to take at once */
    LONG turns_seen;     /* by the watch, at its last look */
    volatile bool stuck; /* in its turn, and known for it (standby.h) */
} worker;

/* One for each of the port's locals, to be freed with mem_free; NULL: no memory. */
worker *workers_new(pp_port *port);

/* Starts its thread. A Windows error or 0. */
DWORD worker_start(worker *w);

/* The watch's look at all workers of the port `context`: helps where a turn has been running since
 * the last look. True: a turn may not end that began before the next. */
bool workers_look(void *context, bool after_tick);

#endif
