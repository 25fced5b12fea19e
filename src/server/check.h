/*
 * `pipeport serve --check`: what can be known without serving, and what would be served.
 */
#ifndef PP_SERVER_CHECK_H
#define PP_SERVER_CHECK_H

#include "server/program.h"

/* Whether all users exist and all descriptors are right. The statuses of pp_listen. */
pp_status check_access(const program *p, pp_error *error);

/* A table; with --json an object for each line. */
void check_print(const program *p);

#endif
