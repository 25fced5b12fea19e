/*
 * A service answers the clients of an endpoint. It has handlers and, if it keeps a state, functions
 * that open and close it. Each service has a file of its own and a place in the table.
 */
#ifndef PP_SERVER_SERVICE_H
#define PP_SERVER_SERVICE_H

#include "pipeport.h"

typedef struct service {
    const char *name, *help;
    pp_handlers handlers; /* their `user` is the state */

    /* Called before an endpoint of the service opens; may post functions and set timers. NULL: the
     * service keeps nothing, and its state is NULL. */
    pp_status (*open)(pp_port *port, void **state);
    /* Called after pp_port_close, when no handler runs any more. NULL: nothing to do. */
    void (*close)(void *state);

    pp_status (*on_datagram)(void *state, const void *data, size_t length);
} service;

extern const service service_echo, service_sink;

/* The first is the default. */
#define SERVICE_COUNT 2
extern const service *const service_table[SERVICE_COUNT];

/* The table's names; NULL behind the last. */
const char *service_name(size_t index);

/* For services that ignore datagrams: takes each, and the port counts it. */
pp_status service_take_datagram(void *state, const void *data, size_t length);

/* The open services of a program. The endpoints of a service share its state. */
typedef struct service_states {
    struct {
        const service *service;
        void *state;
    } opened[SERVICE_COUNT];
    size_t count;
} service_states;

/* Opens the service unless it is open already; `state` receives its state. */
pp_status service_open(service_states *s, const service *wanted, pp_port *port, void **state,
                       pp_error *error);
void service_close_all(service_states *s);

#endif
