/*
 * What `pipeport serve --help` and `pipeport serve --example` print.
 */
#ifndef PP_SERVER_HELP_H
#define PP_SERVER_HELP_H

void help_print(void);
void help_print_example(void);

#endif
