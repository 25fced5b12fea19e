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
} users;

typedef struct user user;

void users_init(users *u);

/* Counts a connection of the user with this SID. PP_E_USER_LIMIT, PP_E_USER_RATE (0: no limit) or
 * PP_E_MEMORY: not counted, and `entry` is NULL. */
pp_status users_enter(users *u, const char *sid, uint64_t most, uint64_t most_per_second,
                      user **entry);
void users_leave(users *u, user *entry);

/* When no connection is left. */
void users_free(users *u);

#endif
