/*
 * The watch: a thread that sleeps until a worker runs a turn with others waiting behind it, or any
 * turn where there are workers to spare. When that turn does not end soon, it hands what waits to
 * the other workers, and calls one in. It also queues the packets that Windows had no memory for,
 * of which nobody else would know. It sleeps again when no turn is running, so an idle port costs
 * nothing.
 */
#ifndef PP_IOCP_WATCH_H
#define PP_IOCP_WATCH_H

#include "base/win.h"
#include "pipeport.h"

struct worker;

/* Which packets Windows had no memory for. */
#define WATCH_OWES_INBOX 1L
#define WATCH_OWES_EXIT 2L

typedef struct watch {
    HANDLE thread;
    HANDLE wake;
    bool helps; /* one worker alone has nobody to hand over to */
    volatile LONG awake, ending, owed;
} watch;

/* A Windows error or 0. */
DWORD watch_start(pp_port *port);
void watch_end(pp_port *port);

/* Called by a worker before each turn, and when a strand becomes ready behind one. */
void watch_turn(struct worker *w);

/* A packet could not be queued: it is tried again until it can. From any thread. */
void watch_owe(pp_port *port, LONG packet);

#endif
