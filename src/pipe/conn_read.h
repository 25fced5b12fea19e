/*
 * The read side of a connection: one read in flight into the intake, from which the turn delivers
 * messages in place. The connection does not read while it is paused, or while a message waits for
 * room. Then the other end's writes wait, too: that is the backpressure.
 */
#ifndef PP_PIPE_CONN_READ_H
#define PP_PIPE_CONN_READ_H

#include "pipe/conn.h"

/* Takes the result of a read; `packet`: its packet has come. */
void conn_take_read(pp_conn *c, bool packet);

/* Delivers what was read, and reads on. */
void conn_read_on(pp_conn *c);

/* While it drains: reads and drops what still arrives. */
void conn_read_off(pp_conn *c);

/* Whether the intake has something to deliver. */
bool conn_has_message(const pp_conn *c);

#endif
