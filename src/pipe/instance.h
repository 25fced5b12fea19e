/*
 * An instance of a listener's pipe: it waits for a client, or a connection uses it.
 */
#ifndef PP_PIPE_INSTANCE_H
#define PP_PIPE_INSTANCE_H

#include "base/list.h"
#include "base/name.h"
#include "base/security.h"
#include "pipe/host.h"

/* What the instances of one pipe have in common. */
typedef struct instance_kind {
    kernel *kernel;
    host *host;
    name_path path;
    security security;
    pp_mode mode;
    bool allow_remote;
    DWORD quota, wait_timeout_ms;
} instance_kind;

typedef struct instance {
    op op;
    seat seat; /* what its connection knows of it */
    kernel_handle pipe;
    list link; /* among the waiting instances */
    fifo_link came;
    DWORD error;   /* how the wait ended */
    bool returned; /* a connection gave it back */
    bool reusable; /* and it can wait again */
    bool surplus;  /* max_clients became smaller, and cancelled its wait */
} instance;

/* Makes an instance that does not wait yet. NULL: GetLastError has the reason. */
instance *instance_make(const instance_kind *kind, bool first);

/* The call into Windows, in a file of its own so that a test can replace it. */
HANDLE instance_create(const instance_kind *kind, bool first);

/* Owns `i`: closes its pipe and frees it. */
void instance_discard(instance *i, kernel *k);

#endif
