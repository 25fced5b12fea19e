/*
 * Connections of handles that somebody else opened.
 */
#ifndef PP_PIPE_ADOPT_H
#define PP_PIPE_ADOPT_H

#include "pipe/conn_turn.h"

/* Takes over the handle, which is closed on failure, and joins the port, but does not start yet:
 * conn_discard may still undo it. */
pp_status adopt_join(pp_port *port, HANDLE handle, const pp_conn_options *options, pp_conn **conn,
                     pp_error *error);

#endif
