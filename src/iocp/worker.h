/*
 * A worker: a thread that dequeues a batch of packets, notes their results, raises the timers that
 * are due, and then runs the turns that became ready. How many packets it takes at once follows
 * from how long recent callbacks took, so that slow ones leave the other packets to the other
 * workers; what is caught behind a callback that does not return, the watch hands over. While
 * callbacks are fast, no more workers take packets than there are processors.
 */
#ifndef PP_IOCP_WORKER_H
#define PP_IOCP_WORKER_H

#include "base/list.h"
#include "base/win.h"
#include "iocp/counters.h"
#include "pipeport.h"

struct strand;

typedef struct worker {
    pp_port *port;
    HANDLE thread;
    DWORD thread_id;
    unsigned batch; /* packets to take at once */
    /* Spent in callbacks since the last batch was taken, and of that before the turn that runs. */
    uint64_t callback_ns, callback_ns_before;

    SRWLOCK lock; /* for `ready`, from which the watch may take */
    fifo ready;

    struct strand *volatile running; /* whose turn it is; for this thread and the watch */
    volatile LONG turns;             /* grows with each turn, for the watch */
    volatile bool stuck;             /* in its turn, and known for it (standby.h) */
    bool answering;                  /* inside an on_message, for its strand's calls */
    counters counters;
} worker;

/* Once before the first worker starts. A Windows error or 0. */
DWORD worker_prepare(void);

/* The calling thread's, or NULL when it is no worker of this port, which need not exist any more.
 */
worker *worker_current(const pp_port *port);

/* Makes a strand ready on the calling worker. */
void worker_push(worker *w, struct strand *s);

/* Takes what waits behind the turn that is running; for the watch. */
void worker_rob(worker *w, fifo *taken);
bool worker_has_ready(worker *w);

/* Whether others have their turns soon after the one that is running: some are ready, and callbacks
 * are short. */
bool worker_batch_goes_on(worker *w);

/* Starts the thread. A Windows error or 0. */
DWORD worker_start(worker *w, pp_port *port);

#endif
