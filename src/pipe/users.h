/*
 * How many connections each user has, and how often it connects, for the limits of a listener. A
 * user has an entry while it has a connection, and for a second longer. Clients that hide their
 * user count by their session, which Windows always tells. So they use up nothing of the users that
 * do not hide, nor of clients that hide in another session.
 */
#ifndef PP_PIPE_USERS_H
#define PP_PIPE_USERS_H

#include "base/list.h"
#include "base/win.h"
#include "pipeport.h"

typedef struct users {
    SRWLOCK lock; /* for what follows */
    list all;
    uint64_t most, most_per_second; /* connections of each user; 0: no limit */
} users;

typedef struct users_entry users_entry;

void users_init(users *u);

/* 0: no limit. The limits hold for connections that come from now on. */
void users_set_limits(users *u, uint64_t most, uint64_t most_per_second);
bool users_are_limited(users *u);

/* Counts a connection of this peer's user. PP_E_USER_LIMIT, PP_E_USER_RATE or PP_E_MEMORY: it is
 * not counted, and `*entry` is NULL. */
pp_status users_enter(users *u, const pp_peer *peer, users_entry **entry);
void users_leave(users *u, users_entry *entry);

/* Once no connection is left. */
void users_free(users *u);

#endif
