/*
 * The command line of `pipeport serve`: one program, with one mailslot and one pipe, or with those
 * of a configuration file.
 */
#ifndef PP_SERVER_ARGUMENTS_H
#define PP_SERVER_ARGUMENTS_H

#include "server/program.h"

/* Reads `count` arguments, which must outlive the program. To be paired with program_free, also
 * when it fails: PP_E_ARGUMENT with one line that says what is wrong and what is allowed,
 * PP_E_MEMORY. */
pp_status arguments_read(program *p, int count, char **arguments, pp_error *error);

#endif
