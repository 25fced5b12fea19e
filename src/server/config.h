/*
 * A configuration file of `pipeport serve`: every option of the command line, and as many pipes and
 * mailslots as there are sections. docs/configuration.md describes it.
 */
#ifndef PP_SERVER_CONFIG_H
#define PP_SERVER_CONFIG_H

#include "server/program.h"

/* Reads the file p->config into the program, which has its defaults and no endpoint. PP_E_ARGUMENT
 * with one line that names the file, the line, the section and the key, and what is allowed;
 * the statuses of text_file_read; PP_E_MEMORY. */
pp_status config_read(program *p, pp_error *error);

/* Where an endpoint that the file serves stands, for messages; of the command line if there is no
 * file. `place` keeps its text. */
where config_where(const program *p, const endpoint *e, char place[WHERE_PLACE]);

#endif
