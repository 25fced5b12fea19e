/*
 * The options that listeners, dials and adopted handles share.
 */
#ifndef PP_PIPE_CONN_OPTIONS_H
#define PP_PIPE_CONN_OPTIONS_H

#include "iocp/port.h"

/* Checks the options, and fills in those that follow from others. */
pp_status conn_check_options(pp_port *port, const pp_conn_options *options,
                             pp_conn_options *checked, pp_error *error);

#endif
