/*
 * Where the port's log lines go: to the user's function, if their level is important enough.
 */
#ifndef PP_IOCP_LOG_H
#define PP_IOCP_LOG_H

#include "pipeport.h"

typedef struct log_sink {
    pp_log_fn *write; /* NULL: no log */
    void *user;
    pp_log_level level;
} log_sink;

/* `format` is printf's. The user's function runs on the calling thread, perhaps under locks of the
 * library. */
void log_write(const log_sink *log, pp_log_level level, const char *format, ...);

#endif
