/*
 * Connections of handles that the user opened.
 */
#ifndef PP_PIPE_ADOPT_H
#define PP_PIPE_ADOPT_H

#include "pipe/conn_turn.h"

/* Takes over the handle, which it closes on failure, and joins the port. The connection does not
 * start yet, so conn_discard may still undo it. */
pp_status adopt_join(pp_port *port, HANDLE handle, const pp_conn_options *options, pp_conn **conn,
                     pp_error *error);

#endif
