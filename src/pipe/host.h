/*
 * What a connection knows of the listener that accepted it: the host, which limits its users, and
 * the seat, an instance of the host's pipe. The connection returns the seat when it ends.
 */
#ifndef PP_PIPE_HOST_H
#define PP_PIPE_HOST_H

#include "iocp/kernel.h"
#include "pipe/users.h"

typedef struct host host;

typedef struct seat {
    host *host;
} seat;

struct host {
    users users;               /* for the limits of each user; under its own lock */
    bool refuse_unknown;       /* fixed */
    volatile LONG met_unknown; /* a client hid its user, and the log has the first one */

    /* The connection has ended: the host takes back and owns the seat and the pipe. `reusable`: the
     * client left first, so the seat can wait for the next. The host stays until let_go, which the
     * connection calls after its on_close. */
    void (*take_back)(seat *s, kernel_handle *pipe, bool reusable);
    void (*let_go)(host *h);
};

#endif
