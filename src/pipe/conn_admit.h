/*
 * Whether a client may stay: the limits of its user, and what on_identity says. The user is asked
 * for after the first read, as Windows demands, and only when somebody wants to know.
 */
#ifndef PP_PIPE_CONN_ADMIT_H
#define PP_PIPE_CONN_ADMIT_H

#include "pipe/conn.h"

/* For turns, before a message is delivered: true when it may stay, else it is closed. Only the
 * first time does it anything. */
bool conn_admit(pp_conn *c);

/* For turns: asks for the user of a client, if nobody has yet. */
void conn_ask_user(pp_conn *c);

#endif
