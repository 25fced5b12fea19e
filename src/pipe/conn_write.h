/*
 * The write side of a connection: one write in flight, and as few writes as the mode allows. In
 * stream and framed mode a write takes everything that is queued; in message mode each message is a
 * write.
 */
#ifndef PP_PIPE_CONN_WRITE_H
#define PP_PIPE_CONN_WRITE_H

#include "pipe/conn.h"

/* Takes the packet of a write. */
void conn_take_written(pp_conn *c);

/* Hands over what is queued, perhaps after the other turns of this round only. */
void conn_write_on(pp_conn *c);

/* Whether everything that was accepted is handed over. */
bool conn_is_written(pp_conn *c);

/* Tells a socket's other end that no more comes. */
void conn_tell_no_more(pp_conn *c);

/* Tells a sender that was refused that it may try again, if so. */
void conn_tell_writable(pp_conn *c);

/* Adds to the port's counters. */
void conn_count_written(pp_conn *c, records_tally tally);

#endif
