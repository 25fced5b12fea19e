/*
 * The watch: a thread that sleeps until a worker runs a turn with others waiting behind it, or any
 * turn where there are workers to spare. When that turn does not end soon, it hands what waits to
 * the other workers, and calls one in. It sleeps again when no turn is running, so an idle port
 * costs nothing.
 */
#ifndef PP_IOCP_WATCH_H
#define PP_IOCP_WATCH_H

#include "base/win.h"
#include "pipeport.h"

struct worker;

typedef struct watch {
    HANDLE thread; /* NULL: one worker alone has nobody to hand over to */
    HANDLE wake;
    volatile LONG awake, ending;
} watch;

/* A Windows error or 0. */
DWORD watch_start(pp_port *port);
void watch_end(pp_port *port);

/* Called by a worker before each turn, and when a strand becomes ready behind one. */
void watch_turn(struct worker *w);

#endif
