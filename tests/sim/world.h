/* What a world is made of. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "sim.h"

#include "pipeport.h"

#define WORLD_MOST_CLIENTS 8
#define WORLD_MOST_SERVED 64
#define WORLD_LONGEST 200 /* bytes of a message */

typedef struct world world;

/* A connection's callbacks, as they have come so far. */
typedef struct watched {
    world *world;
    bool inside, opened, closed;
    pp_status reason;
} watched;

/* A client's side of a conversation: everything that it sends comes back. */
typedef struct side {
    world *world;
    watched seen;
    pp_conn *conn; /* NULL for a plain client */
    unsigned id, to_send, sent, received, leaves_after;
    uint64_t bytes_out, bytes_in;
    bool plain, ends, ended; /* ends: it declares the end of its sending */
} side;

struct world {
    pp_port *port;
    HANDLE pause; /* nobody sets it */
    pp_mode mode;
    bool half_close, answers_ends, pauses, meddled;
    volatile bool stopping;
    size_t longest;
    unsigned client_count, served_count, serving;
    volatile LONG clients_done;
    side clients[WORLD_MOST_CLIENTS];
    watched served[WORLD_MOST_SERVED];
};

/* Writes the next message, which has the number and the place; checks what came; all of it came. */
size_t side_fill(const side *s, unsigned number, uint64_t at, char *data);
void side_check(side *s, const char *data, size_t length);
bool side_has_all(const side *s);

/* Around each callback. */
void callback_begins(watched *w, const char *which);
void callback_ends(watched *w);
void note_open(watched *w);
void note_close(watched *w, pp_status reason);

void client_dial(side *s);
DWORD plain_main(void *argument);

void world_run(void *context);

#endif
