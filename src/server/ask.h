/*
 * The commands that ask a server by its control pipe: stats, clients, drop, drain, stop.
 */
#ifndef PP_SERVER_ASK_H
#define PP_SERVER_ASK_H

#include <stdbool.h>

/* Whether it is one of these commands. */
bool ask_has(const char *command);

/* The arguments are those behind the command. Returns the exit status. */
int ask_main(const char *command, int count, char **arguments);

#endif
