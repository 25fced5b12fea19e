/*
 * What `pipeport serve --help` prints.
 */
#ifndef PP_SERVER_HELP_H
#define PP_SERVER_HELP_H

void help_print(void);

#endif
