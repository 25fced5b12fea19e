/*
 * The command `pipeport serve`: a pipe and a mailslot, until an event of the console stops it.
 */
#ifndef PP_SERVER_SERVE_H
#define PP_SERVER_SERVE_H

/* The arguments are those behind "serve". Returns the exit status. */
int serve_main(int count, char **arguments);

#endif
