/*
 * What a connection does by the clock: its time-outs, and giving back memory while it is idle.
 */
#ifndef PP_PIPE_CONN_TIME_H
#define PP_PIPE_CONN_TIME_H

#include "pipe/conn.h"

/* Bytes were read, or written. */
void conn_moved(pp_conn *c);

/* Does what is due. */
void conn_look_at_clock(pp_conn *c);

/* At the end of a turn: notes whether from here on we wait for the other end, plans to give back
 * what has grown, and sets the timer. */
void conn_set_timer(pp_conn *c);

/* A time-out has ended it. */
void conn_time_out(pp_conn *c, pp_status reason);

#endif
