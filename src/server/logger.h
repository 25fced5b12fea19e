/*
 * The lines of the server's log, with their moment and level. So many in a second are written, and
 * how many more there were: whoever connects must not be able to fill a disk with warnings. Those
 * of the level debug, which nobody gets unasked, are not limited.
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

/* Says what is still to be said of lines that were left out. */
void logger_close(logger *l);

/* The name of a pp_log_level; NULL behind the last. */
const char *logger_level_name(size_t level);

#endif
