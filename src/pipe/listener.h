/*
 * A listener keeps instances of its name waiting for clients, and makes a connection of each that a
 * client has opened. How many wait follows from how many clients come (demand.h); for each that
 * comes, the next instance is made before the next client is looked at. As long as it is open, one
 * instance is, so that nobody else can take the name.
 *
 * The rule. The listener's state belongs to its turn. Packets of its instances, and connections
 * that give instances back, only put them into a queue under the lock and raise an event. It
 * retires when it is closing, no instance waits, and every connection has given back its own. Its
 * memory goes when its user has closed it, too.
 */
#ifndef PP_PIPE_LISTENER_H
#define PP_PIPE_LISTENER_H

#include "iocp/port.h"
#include "pipe/demand.h"
#include "pipe/instance.h"
#include "pipeport.h"

#define LISTENER_CAME STRAND_EVENT(0)   /* an instance was connected, or came back */
#define LISTENER_CLOSE STRAND_EVENT(1)  /* the user closes it */
#define LISTENER_TIMER STRAND_EVENT(2)  /* instances could not be made a while ago */
#define LISTENER_LIMITS STRAND_EVENT(3) /* the user has set others */

/* Why a further instance is denied where the first was not. */
#define LISTENER_NOT_ALLOWED                                                                       \
    ": the descriptor keeps this process from making instances (FILE_CREATE_PIPE_INSTANCE)"

struct pp_listener {
    strand strand;
    volatile LONG refs; /* the port's and the user's */
    pp_listen_options options;
    instance_kind kind;

    host host; /* what its connections know of it */

    fifo made;                                        /* by pp_listen, until the first turn */
    list waiting;                                     /* but for those that are surplus */
    size_t waiting_count, surplus_count, connections; /* instances that wait or are had */
    fifo dying; /* no longer used; they close when another guards the name */
    demand demand;
    uint64_t retry_at; /* CLOCK_NEVER: nothing failed */
    uint64_t retry_ms; /* the next pause; 0: nothing failed since an instance was made */
    bool closing;
    timer timer;

    volatile LONG held; /* by connections that are in their on_close */

    list sibling; /* among the listeners of the process, under their lock */

    SRWLOCK lock;             /* for what follows */
    fifo came;                /* instances whose wait has ended, or that came back */
    pp_listen_options wanted; /* its limits are those that were set last */
};

/* Among the listeners of the process: from when it has its name until the name is free. */
void listener_enter(pp_listener *l);
bool listener_is_ours(const name_path *path);

bool listener_turn(strand *s, LONG events);
void listener_unref(pp_listener *l);

/* Makes the listener a host for connections. */
void listener_init_host(pp_listener *l);

#endif
