/*
 * What a connection knows of the listener that accepted it: the host, which limits its users, and
 * the seat, an instance of the host's pipe, which goes back when the connection ends.
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
    volatile LONG met_unknown; /* and logged it */

    /* The connection has ended, and gives back the seat and the pipe: both are the host's from here
     * on. `reusable`: the client left first, so that the seat can wait for the next. The host stays
     * until let_go, which follows on the connection's on_close. */
    void (*take_back)(seat *s, kernel_handle *pipe, bool reusable);
    void (*let_go)(host *h);
};

#endif
