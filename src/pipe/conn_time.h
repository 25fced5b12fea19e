/*
 * What a connection does by the clock: its time-outs, and shrinking its buffers while it is idle.
 */
#ifndef PP_PIPE_CONN_TIME_H
#define PP_PIPE_CONN_TIME_H

#include "pipe/conn.h"

/* A read or a write has moved bytes. */
void conn_moved(pp_conn *c);

/* Does what is due by the clock. */
void conn_look_at_clock(pp_conn *c);

/* At the end of a turn: notes whether the connection now waits for the other end, plans when its
 * grown buffers shrink, and sets the timer. */
void conn_set_timer(pp_conn *c);

/* Ends the connection for a time-out, and counts it. */
void conn_time_out(pp_conn *c, pp_status reason);

#endif
