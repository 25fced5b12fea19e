/*
 * The life of a connection: how it is made, its turn, and its end.
 */
#ifndef PP_PIPE_CONN_TURN_H
#define PP_PIPE_CONN_TURN_H

#include "pipe/conn.h"

/* Makes a connection that has no handle yet. NULL: no memory. Not started. */
pp_conn *conn_new(pp_port *port, const pp_conn_options *options);

/* For one that never had a turn, whether or not it has a handle and has joined the port: it goes as
 * if it had never been, without a callback. */
void conn_discard(pp_conn *c);

/* Starts with a pipe that a client has opened, and takes over both; false: the port stops, and
 * nothing was taken over but `c`. */
bool conn_start_accepted(pp_conn *c, kernel_handle *pipe, seat *s);

/* The last two steps of pp_dial and its like, for one that has joined: stores it in `out` with a
 * reference, unless that is NULL; then starts it, and callbacks may come. */
void conn_hand_out(pp_conn *c, pp_conn **out);
void conn_start(pp_conn *c);

#endif
