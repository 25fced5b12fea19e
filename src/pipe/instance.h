/*
 * An instance of a listener's pipe: it waits for a client, or a connection has it.
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
    list link; /* among the waiting */
    fifo_link came;
    DWORD error;   /* how the wait ended */
    bool returned; /* from a connection */
    bool reusable; /* and can wait again */
    bool surplus;  /* its wait was cancelled: max_clients has become less */
} instance;

/* A new instance, not yet waiting. NULL: GetLastError says why. */
instance *instance_make(const instance_kind *kind, bool first);

/* Its call into Windows, in a file of its own so that a test can take its place. */
HANDLE instance_create(const instance_kind *kind, bool first);

/* Owns `i`: closes its pipe and frees it. */
void instance_discard(instance *i, kernel *k);

#endif
