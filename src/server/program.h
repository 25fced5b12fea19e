/*
 * What the server is to do: settings of the program as a whole, and the endpoints that it serves.
 */
#ifndef PP_SERVER_PROGRAM_H
#define PP_SERVER_PROGRAM_H

#include "base/options.h"
#include "server/endpoint.h"

#define PROGRAM_ENDPOINTS 2 /* most */

typedef struct program {
    pp_port_options port;
    uint64_t stats_interval_ms, log_rate;
    bool json, help;
    uint64_t given; /* the settings that were given, a bit each */

    endpoint endpoints[PROGRAM_ENDPOINTS]; /* in the order in which they are opened */
    size_t endpoint_count;
} program;

/* The numbers that are not the port's. */
extern const option_table program_table;

/* The defaults, without an endpoint. */
void program_init(program *p);
void program_free(program *p);

/* An endpoint more, with its defaults; NULL: there are PROGRAM_ENDPOINTS. */
endpoint *program_add(program *p, scope kind);

/* The first endpoint of a kind, or NULL. */
endpoint *program_find(program *p, scope kind);

#endif
