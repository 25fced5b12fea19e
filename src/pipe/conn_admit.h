/*
 * Whether a client may stay: the limits of its user, and what on_identity returns. A connection
 * asks for the user after the first read, as Windows demands, and only if an option or a
 * handler needs it.
 */
#ifndef PP_PIPE_CONN_ADMIT_H
#define PP_PIPE_CONN_ADMIT_H

#include "pipe/conn.h"

/* For turns, before each delivery. True: the client may stay. False: the connection closes. Only
 * the first call does anything. */
bool conn_admit(pp_conn *c);

/* For turns: asks for the client's user, once. */
void conn_ask_user(pp_conn *c);

#endif
