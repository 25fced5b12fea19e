/*
 * What listeners, dials and adopted handles have in common to ask for.
 */
#ifndef PP_PIPE_CONN_OPTIONS_H
#define PP_PIPE_CONN_OPTIONS_H

#include "iocp/port.h"

/* Checks them, and fills in what follows from other options. */
pp_status conn_check_options(pp_port *port, const pp_conn_options *options,
                             pp_conn_options *checked, pp_error *error);

#endif
