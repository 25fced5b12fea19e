/*
 * A port: the parts that its objects use, in one place. It knows neither workers nor the objects
 * that live on it. port_open.c makes a port of its parts.
 */
#ifndef PP_IOCP_PORT_H
#define PP_IOCP_PORT_H

#include "base/table.h"
#include "iocp/budget.h"
#include "iocp/kernel.h"
#include "iocp/log.h"
#include "iocp/poll.h"
#include "iocp/standby.h"
#include "iocp/strand.h"
#include "iocp/timer.h"

#define PORT_MOST_WORKERS 256

struct pp_port {
    strands strands; /* first the parts that every message uses */
    kernel kernel;
    inbox inbox;
    timers timers;
    budget budget;
    standby standby;
    polling polling;
    watch watch;
    log_sink log;
    pp_port_options options;

    SRWLOCK tasks_lock;
    table tasks; /* tasks that wait for their timer; under the lock */

    struct worker *workers; /* one for each of the strands' locals */
    HANDLE over_event;
    volatile LONG over;         /* stopped, and the last strand has retired: the workers exit */
    volatile LONG64 lane_bytes; /* of sections; at most max_lane_bytes */
    volatile LONG64 connections_now, connections_most, next_id;
};

/* The port of a strand that has not retired. */
static inline pp_port *port_of(const strand *s)
{
    return CONTAINER_OF(s->all, pp_port, strands);
}

static inline void port_count(pp_port *port, counter which, int64_t amount)
{
    counter_add(&port->strands.locals, which, amount);
}

static inline bool port_is_over(const pp_port *port)
{
    return port->over != 0;
}

/* A number that no other object of the port has. */
uint64_t port_next_id(pp_port *port);

/* Adds to the connections now, and keeps their peak. */
void port_count_connection(pp_port *port, int change);

#endif
