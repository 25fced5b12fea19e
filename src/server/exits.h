/*
 * The exit statuses of `pipeport`. 0 is success, and STOP_FORCED (stop.h) ends what was stuck.
 */
#ifndef PP_SERVER_EXITS_H
#define PP_SERVER_EXITS_H

#define EXITS_FAILED 1
#define EXITS_WRONG_ARGUMENTS 2

#endif
