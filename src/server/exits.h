/*
 * The exit statuses of `pipeport`. 0 is success; stop.h has STOP_FORCED.
 */
#ifndef PP_SERVER_EXITS_H
#define PP_SERVER_EXITS_H

#define EXITS_FAILED 1
#define EXITS_WRONG_ARGUMENTS 2

#endif
