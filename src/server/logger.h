/*
 * The server's log: each line has its time and level. The logger limits the lines of a second and
 * counts those that it leaves out, so that clients cannot fill a disk with warnings. Debug lines,
 * which come only when the operator asks for them, have no limit.
 */
#ifndef PP_SERVER_LOGGER_H
#define PP_SERVER_LOGGER_H

#include "base/win.h"
#include "pipeport.h"

typedef struct logger {
    uint64_t most; /* lines in a second */

    SRWLOCK lock; /* for what follows */
    uint64_t second, lines, left_out;
} logger;

void logger_open(logger *l, uint64_t most);

/* A pp_log_fn; its user is the logger. */
void logger_write(void *user, pp_log_level level, const char *line);

/* Reports the lines that the last second left out. */
void logger_close(logger *l);

/* The name of a pp_log_level; NULL behind the last. */
const char *logger_level_name(size_t level);

#endif
