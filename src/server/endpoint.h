/*
 * A name that the server serves: a pipe or a mailslot, with its service, who may open it, and its
 * limits.
 */
#ifndef PP_SERVER_ENDPOINT_H
#define PP_SERVER_ENDPOINT_H

#include "server/scope.h"
#include "server/service.h"
#include "server/session.h"
#include "server/where.h"

typedef struct endpoint {
    scope kind;     /* SCOPE_PIPE or SCOPE_MAILSLOT */
    bool named;     /* the user gave its name */
    bool left_out;  /* the server does not open it */
    unsigned line;  /* of its section in the configuration file; 0: it is in none */
    uint64_t given; /* the settings that the user gave, a bit each */
    const service *service;
    pp_access access;
    pp_listen_options listen;     /* of a pipe */
    pp_mailslot_options mailslot; /* of a mailslot */
    const char **allow;           /* access.allow points to it; endpoint_free frees it */

    session_home home;     /* of its connections */
    pp_listener *listener; /* NULL: not open, or of the other kind */
    pp_mailslot *slot;
} endpoint;

/* The defaults, and the first service. */
void endpoint_init(endpoint *e, scope kind);
void endpoint_free(endpoint *e);

/* Admits another user; the text must outlive the endpoint. PP_E_MEMORY. */
pp_status endpoint_allow(endpoint *e, const char *user, pp_error *error);

/* The name that it serves, as the user gave it. */
const char *endpoint_name(const endpoint *e);

/* Whether both serve the same name. */
bool endpoint_is_twin(const endpoint *e, const endpoint *other);

/* Checks the settings against each other. PP_E_ARGUMENT. */
pp_status endpoint_check(const endpoint *e, const where *w, pp_error *error);

/* In stream mode max_message limits a send, and a service may send back a whole read: raises a
 * max_message below the longest read. True: it was below. */
bool endpoint_raise_max_message(endpoint *e);
#define ENDPOINT_LONGEST_READ (64u * 1024)

/* Serves the name; `state` is that of its service, and its connections are among `all`. The
 * statuses are those of pp_listen. */
pp_status endpoint_open(endpoint *e, pp_port *port, void *state, sessions *all, pp_error *error);
void endpoint_close(endpoint *e);

/* The full path of an open endpoint; "none" otherwise, also for NULL. */
const char *endpoint_path(const endpoint *e);

/* The name of a pp_mode, and of a pp_lane; NULL behind the last. */
const char *endpoint_lane_name(size_t lane);
const char *endpoint_mode_name(size_t mode);

#endif
