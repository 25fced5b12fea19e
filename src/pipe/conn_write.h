/*
 * The write side of a connection: one write in flight, and as few writes as the mode allows. In
 * stream and framed mode one write coalesces everything that is queued; in message mode each
 * message is a write.
 */
#ifndef PP_PIPE_CONN_WRITE_H
#define PP_PIPE_CONN_WRITE_H

#include "pipe/conn.h"

/* Takes the result of a write; `packet`: its packet has come. */
void conn_take_written(pp_conn *c, bool packet);

/* Writes what is queued, or defers that until the other turns of this round have run. */
void conn_write_on(pp_conn *c);

/* Whether the connection has handed over everything that it accepted. */
bool conn_is_written(pp_conn *c);

/* Shuts a socket down for sending. */
void conn_tell_no_more(pp_conn *c);

/* Calls on_writable if a refused send may be tried again. */
void conn_tell_writable(pp_conn *c);

/* When the connection ends. */
void conn_free_outbox(pp_conn *c);

#endif
