/*
 * Who is at the other end of a connection, as far as known.
 *
 * The rule. Only the connection's turn changes it, under the lock, so that other threads may copy
 * it.
 */
#ifndef PP_PIPE_PEER_H
#define PP_PIPE_PEER_H

#include "base/win.h"
#include "iocp/kernel.h"
#include "pipe/users.h"

struct peer {
    SRWLOCK lock; /* for what `known` points to */
    pp_peer *known;
    bool asked;         /* the turn has asked for the user */
    bool set;           /* under the lock: it has asked for the process and session */
    users_entry *entry; /* of its user, which counts it; or NULL */
};

/* False: no memory. */
bool peer_init(struct peer *p);
void peer_free(struct peer *p);

/* What is known: peer_known for the turn, peer_copy for other threads. False: nobody has asked. */
const pp_peer *peer_known(const struct peer *p);
bool peer_copy(struct peer *p, pp_peer *copy);

/* Asks for the process and session; when the connection opens. */
void peer_ask_process(struct peer *p, kernel *k, HANDLE pipe, bool is_server_end);

/* Asks for the user, once; after the first read. Returns a Windows error or 0. */
DWORD peer_ask_user(struct peer *p, kernel *k, HANDLE pipe);

/* Counts the connection for its user, until peer_leave_users. The statuses of users_enter. */
pp_status peer_enter_users(struct peer *p, users *u);
void peer_leave_users(struct peer *p, users *u);

#endif
