/*
 * A listener keeps instances of its name waiting for clients, and makes a connection of each that a
 * client has opened. How many wait follows the bursts in which clients come: doubled when one has
 * used them all up, halved when none came for a while. As long as it is open, one instance is, so
 * that nobody else can take the name.
 *
 * The rule. The listener's state belongs to its turn. Packets of its instances, and connections
 * that give instances back, only put them into a queue under the lock and raise an event. It
 * retires when it is closing, no instance waits, and every connection has given back its own. Its
 * memory goes when its user has closed it, too.
 */
#ifndef PP_PIPE_LISTENER_H
#define PP_PIPE_LISTENER_H

#include "base/list.h"
#include "base/name.h"
#include "base/security.h"
#include "iocp/kernel.h"
#include "iocp/strand.h"
#include "iocp/timer.h"
#include "pipe/users.h"
#include "pipeport.h"

#define LISTENER_CAME STRAND_EVENT(0)  /* an instance was connected, or came back */
#define LISTENER_CLOSE STRAND_EVENT(1) /* the user closes it */
#define LISTENER_RETRY STRAND_EVENT(2) /* instances could not be made a while ago */

typedef struct instance instance;

/* One instance of the pipe: it waits for a client, or a connection has it. */
struct instance {
    op op;
    pp_listener *listener;
    kernel_handle pipe;
    list link; /* among the waiting */
    queue_link came;
    DWORD error;   /* how the wait ended */
    bool returned; /* from a connection */
    bool reusable; /* and can wait again */
};

struct pp_listener {
    strand strand;
    volatile LONG refs; /* the port's and the user's */
    pp_listen_options options;
    name_path path;
    security security;

    users users; /* for the limits of each user; under its own lock */

    instance *first; /* made by pp_listen, until the first turn */
    list waiting;
    size_t waiting_count, connections; /* instances that wait, and that connections have */
    size_t target;                     /* how many should wait */
    uint64_t burst_at;
    bool closing;
    timer retry;

    SRWLOCK lock; /* for what follows */
    queue came;   /* instances whose wait has ended, or that came back */
};

#define LISTENER_LEAST_WAITING 4 /* instances, unless accept_depth is less */

bool listener_turn(strand *s, LONG events);
void listener_unref(pp_listener *l);

/* A new instance, not yet waiting. NULL: GetLastError says why. */
instance *instance_make(pp_listener *l, bool first);

/* Owns `i`: closes its pipe and frees it. */
void instance_discard(instance *i);

/* A connection ended and gives back its instance and the pipe. `reusable`: the client left first,
 * so that the instance can wait for the next. Both are the listener's from here on, which closes
 * the pipe only when another instance guards the name. */
void listener_take_back(instance *i, kernel_handle *pipe, bool reusable);

#endif
