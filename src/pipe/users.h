/*
 * How many connections each user has, and how often it connects, for the limits of a listener. A
 * user is here while it has a connection, and a second longer. Those who do not let anybody ask who
 * they are count by their session, which Windows tells always: one who hides uses up nothing of
 * those who do not, nor of who hides in another session.
 */
#ifndef PP_PIPE_USERS_H
#define PP_PIPE_USERS_H

#include "base/list.h"
#include "base/win.h"
#include "pipeport.h"

typedef struct users {
    SRWLOCK lock; /* for everything below it */
    list all;
    uint64_t most, most_per_second; /* connections of each; 0: any */
} users;

typedef struct users_entry users_entry;

void users_init(users *u);

/* 0: no limit. For connections that come from now on. */
void users_set_limits(users *u, uint64_t most, uint64_t most_per_second);
bool users_are_limited(users *u);

/* Counts a connection of this peer's user. PP_E_USER_LIMIT, PP_E_USER_RATE or PP_E_MEMORY:
 * not counted, and `entry` is NULL. */
pp_status users_enter(users *u, const pp_peer *peer, users_entry **entry);
void users_leave(users *u, users_entry *entry);

/* When no connection is left. */
void users_free(users *u);

#endif
