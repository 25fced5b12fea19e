/*
 * The read side of a connection: one read in flight into the intake, from which messages are
 * delivered in place. A message that finds no room waits for it, and the other end's writes wait
 * meanwhile: that is the backpressure.
 */
#ifndef PP_PIPE_CONN_READ_H
#define PP_PIPE_CONN_READ_H

#include "pipe/conn.h"

/* Takes the packet of a read. */
void conn_take_read(pp_conn *c);

/* Delivers what there is, and reads on. */
void conn_read_on(pp_conn *c);

/* Closing gracefully: reads and drops what still comes. */
void conn_read_off(pp_conn *c);

/* Whether there is something to deliver. */
bool conn_has_message(const pp_conn *c);

#endif
