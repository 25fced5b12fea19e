/*
 * How many connections each user has, and how often it connects, for the limits of a listener. A
 * user is here while it has a connection, and a second longer.
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

typedef struct user user;

void users_init(users *u);

/* 0: no limit. For connections that come from now on. */
void users_set_limits(users *u, uint64_t most, uint64_t most_per_second);
bool users_are_limited(users *u);

/* Counts a connection of the user with this SID. PP_E_USER_LIMIT, PP_E_USER_RATE or PP_E_MEMORY:
 * not counted, and `entry` is NULL. */
pp_status users_enter(users *u, const char *sid, user **entry);
void users_leave(users *u, user *entry);

/* When no connection is left. */
void users_free(users *u);

#endif
