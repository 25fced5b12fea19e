/*
 * Who is at the other end of a connection, as far as known.
 *
 * The rule. It changes in the connection's turn alone, under the lock, so that others may copy it.
 */
#ifndef PP_PIPE_PEER_H
#define PP_PIPE_PEER_H

#include "base/win.h"
#include "iocp/kernel.h"
#include "pipe/users.h"

struct peer {
    SRWLOCK lock; /* for what `known` points to */
    pp_peer *known;
    bool asked;         /* the user was asked for */
    users_entry *entry; /* among those that count it, or NULL */
};

/* False: no memory. */
bool peer_init(struct peer *p);
void peer_free(struct peer *p);

/* What is known; for the turn, and for other threads. */
const pp_peer *peer_known(const struct peer *p);
void peer_copy(struct peer *p, pp_peer *copy);

/* Asks which process and session it is; when the connection opens. */
void peer_ask_process(struct peer *p, kernel *k, HANDLE pipe, bool is_server_end);

/* Asks which user it is, once; after something was read. A Windows error or 0. */
DWORD peer_ask_user(struct peer *p, kernel *k, HANDLE pipe);

/* Counts it among the connections of its user, until peer_leave_users. The statuses of
 * users_enter. */
pp_status peer_enter_users(struct peer *p, users *u);
void peer_leave_users(struct peer *p, users *u);

#endif
