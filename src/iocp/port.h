/*
 * A port: the completion port, its workers, and the strands that live on it. It runs until it is
 * asked to stop, then tells every strand to end, and ends when the last has left.
 */
#ifndef PP_IOCP_PORT_H
#define PP_IOCP_PORT_H

#include "base/list.h"
#include "base/win.h"
#include "iocp/budget.h"
#include "iocp/counters.h"
#include "iocp/inbox.h"
#include "iocp/standby.h"
#include "iocp/task.h"
#include "iocp/timer.h"
#include "iocp/watch.h"
#include "pipeport.h"

#define PORT_MOST_WORKERS 256

/* Completion keys. */
#define PORT_KEY_OPERATION ((ULONG_PTR)0)
#define PORT_KEY_INBOX ((ULONG_PTR)1)
#define PORT_KEY_EXIT ((ULONG_PTR)2)

struct strand;
struct worker;

typedef enum port_state { PORT_RUNNING, PORT_STOPPING, PORT_ABORTING } port_state;

struct pp_port {
    HANDLE iocp;
    pp_port_options options;
    struct worker *workers;
    unsigned worker_count;
    counters foreign; /* what threads outside the pool count */

    SRWLOCK lock; /* for the next three */
    list members; /* strands that have not retired */
    port_state state;
    HANDLE ended_event;
    volatile LONG ended; /* stopped, and no strand is left: the workers exit */

    volatile LONG64 connections_now, connections_most, next_id;
    inbox inbox;
    timers timers;
    tasks tasks;
    budget budget;
    standby standby;
    watch watch;
};

static inline bool port_has_ended(const pp_port *port)
{
    return port->ended != 0;
}

/* False: the port stops. */
bool port_join(pp_port *port, struct strand *s);
void port_leave(pp_port *port, struct strand *s);

void port_log(pp_port *port, pp_log_level level, const char *format, ...);

/* A number that no other object of the port has. */
uint64_t port_next_id(pp_port *port);

/* Connections now, and most at once. */
void port_count_connection(pp_port *port, int change);

#endif
