/*
 * The job of the server: the settings of the program as a whole, and its endpoints.
 */
#ifndef PP_SERVER_PROGRAM_H
#define PP_SERVER_PROGRAM_H

#include "base/options.h"
#include "server/endpoint.h"

#define PROGRAM_ENDPOINTS 64 /* most */
#define PROGRAM_OFF "off"    /* as the name of the control pipe: there is none */

typedef struct program {
    pp_port_options port;
    uint64_t stats_interval_ms, log_rate;
    bool json, help, check, example;
    const char
        *control;       /* name of the control pipe; NULL: that of the first pipe, and its suffix */
    const char *config; /* the file; NULL: there is none */
    char *text;         /* of that file: names and values point into it; program_free frees it */
    uint64_t given;     /* the settings that the user gave, a bit each */

    endpoint endpoints[PROGRAM_ENDPOINTS];
    size_t endpoint_count;
} program;

/* The numbers that the port's options do not have. */
extern const option_table program_table;

/* The defaults, without an endpoint. */
void program_init(program *p);
void program_free(program *p);

/* Adds an endpoint with its defaults; NULL: the program has PROGRAM_ENDPOINTS already. */
endpoint *program_add(program *p, scope kind);

/* The first endpoint of a kind, or NULL; how many there are. */
endpoint *program_find(program *p, scope kind);
size_t program_count(const program *p, scope kind);

#endif
