/*
 * Sessions: the connections of the server's clients. Between the library and a service stands the
 * session of each connection, which counts what passes, so that the control pipe can list it.
 *
 * The rule. The lock guards the list. A session belongs to the callbacks of its connection, which
 * never overlap; its counters are whole words that others may read at any time.
 */
#ifndef PP_SERVER_SESSION_H
#define PP_SERVER_SESSION_H

#include "base/list.h"
#include "base/win.h"
#include "server/service.h"

/* All sessions of a program. */
typedef struct sessions {
    SRWLOCK lock;
    list all;
    size_t count;
    volatile LONG listed; /* somebody wants to know who they are */
} sessions;

void sessions_init(sessions *all);

/* What the sessions of an endpoint have in common. */
typedef struct session_home {
    sessions *all;
    const service *service;
    void *state;      /* of the service */
    const char *name; /* of the pipe */
} session_home;

/* The handlers of connections whose user is a session_home. They call those of its service. */
pp_handlers session_handlers(const service *s);

/* For services, in callbacks of the connection: pp_conn_send. */
pp_status session_send(pp_conn *conn, const void *data, size_t length);

/* What is known of a session at a moment. */
typedef struct session_seen {
    uint64_t id, age_ms, messages_in, messages_out, bytes_in, bytes_out, queued;
    const char *name;
    pp_peer peer;
} session_seen;

/* The first `most` sessions, the oldest first, for mem_free; `*count` receives their number, and
 * `*total` that of all. NULL: no memory. */
session_seen *sessions_look(sessions *all, size_t most, size_t *count, size_t *total);

/* Ends a client at once. False: none has this id. */
bool sessions_drop(sessions *all, uint64_t id);

#endif
