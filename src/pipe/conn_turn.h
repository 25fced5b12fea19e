/*
 * The life of a connection: its making, its turn, and its end.
 */
#ifndef PP_PIPE_CONN_TURN_H
#define PP_PIPE_CONN_TURN_H

#include "pipe/conn.h"

/* Makes a connection without a handle, and does not start it. NULL: no memory. */
pp_conn *conn_new(pp_port *port, const pp_conn_options *options);

/* Frees a connection that never had a turn, without a callback. It may have a handle, and may have
 * joined the port. */
void conn_discard(pp_conn *c);

/* Starts a connection with a pipe that a client has opened, and takes over pipe and seat. False:
 * the port stops. Then `c` is freed, and the caller keeps the other two. */
bool conn_start_accepted(pp_conn *c, kernel_handle *pipe, seat *s);

/* The last two steps of pp_dial and the like, after joining. conn_hand_out stores a reference in
 * `out`, unless that is NULL. conn_start starts the connection, and callbacks may come. */
void conn_hand_out(pp_conn *c, pp_conn **out);
void conn_start(pp_conn *c);

#endif
