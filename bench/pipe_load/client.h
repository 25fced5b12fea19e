/*
 * A client: one connection that sends numbered messages and takes their replies.
 *
 * The rule. The numbers are under the client's lock, since messages leave from the connection's own
 * callbacks and, at the start and on schedule, from another thread. No two clients share a lock.
 */
#ifndef PIPE_LOAD_CLIENT_H
#define PIPE_LOAD_CLIENT_H

#include "course.h"
#include "win.h"

/* What clients tell of their connecting. From any of the port's threads. */
typedef struct client_watcher {
    void (*opened)(void *user);
    void (*refused)(void *user, unsigned index, pp_status reason);
    void *user;
} client_watcher;

typedef struct client {
    course *course;
    const client_watcher *watcher;
    pp_conn *conn; /* a reference */
    unsigned index;
    bool opened;

    SRWLOCK lock;            /* for what follows */
    uint64_t due;            /* open loop: messages whose time has come */
    uint64_t sent, received; /* messages so far; the next one's number */
    uint64_t *times;         /* closed loop: when each outstanding message left, by its number */
    size_t offset;           /* stream: bytes of the reply so far */
    bool bad;                /* they were not what was sent */
    bool closing, over;
    char padding[64]; /* no cache line is shared */
} client;

extern const pp_handlers client_handlers;

/* Closed loop: sends the first messages. */
void client_start(client *c);

/* Open loop: one more message is due. */
void client_add_due(client *c);

/* Sends no more; closes when no reply is outstanding, at once or when the last has come. */
void client_finish(client *c);

/* Whether replies are still outstanding. */
bool client_waits(client *c);

#endif
