/*
 * A listener keeps instances of its name waiting for clients, and makes a connection of each
 * instance that a client opens. How many wait follows from how many clients come (demand.h). For
 * each client it makes the next instance before it looks at the next client. While it is open, so
 * is at least one instance, so that nobody else can take the name.
 *
 * The rule. The listener's state belongs to its turn. A packet of an instance, and a connection
 * that returns one, only put the instance into a queue under the lock and raise an event. The
 * listener retires when it is closing, no instance waits, and every connection has returned its
 * own. Its memory goes once the user has closed it, too.
 */
#ifndef PP_PIPE_LISTENER_H
#define PP_PIPE_LISTENER_H

#include "iocp/port.h"
#include "pipe/demand.h"
#include "pipe/instance.h"
#include "pipeport.h"

#define LISTENER_CAME STRAND_EVENT(0)   /* an instance got a client, or a connection returned one */
#define LISTENER_CLOSE STRAND_EVENT(1)  /* the user closes it */
#define LISTENER_TIMER STRAND_EVENT(2)  /* time to retry an instance that could not be made */
#define LISTENER_LIMITS STRAND_EVENT(3) /* the user set other limits */

/* Why Windows denies a further instance after it granted the first. */
#define LISTENER_NOT_ALLOWED                                                                       \
    ": the descriptor denies this process further instances (FILE_CREATE_PIPE_INSTANCE)"

struct pp_listener {
    strand strand;
    volatile LONG refs; /* the port's and the user's */
    pp_listen_options options;
    instance_kind kind;

    host host; /* what its connections know of it */

    fifo made;                                        /* by pp_listen, until the first turn */
    list waiting;                                     /* without the surplus ones */
    size_t waiting_count, surplus_count, connections; /* instances that wait or are in use */
    fifo dying; /* unused; they close when another instance guards the name */
    demand demand;
    uint64_t retry_at; /* CLOCK_NEVER: nothing failed */
    uint64_t retry_ms; /* the next pause; 0: nothing failed since an instance was made */
    bool closing;
    timer timer;

    volatile LONG held; /* by connections that run their on_close */

    list sibling; /* among the listeners of the process, under their lock */

    SRWLOCK lock;             /* for what follows */
    fifo came;                /* instances whose wait has ended, or that came back */
    pp_listen_options wanted; /* has the limits that the user set last */
};

/* The listeners of the process, each from when it has its name until the name is free. */
void listener_enter(pp_listener *l);
bool listener_is_ours(const name_path *path);

bool listener_turn(strand *s, LONG events);
void listener_unref(pp_listener *l);

/* Makes the listener a host for its connections. */
void listener_init_host(pp_listener *l);

#endif
