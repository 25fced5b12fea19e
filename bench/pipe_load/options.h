/*
 * The command line of pipe_load.
 */
#ifndef PIPE_LOAD_OPTIONS_H
#define PIPE_LOAD_OPTIONS_H

#include "pipeport.h"

#define OPTIONS_ERROR 512
#define OPTIONS_STDOUT "-"

typedef struct options {
    const char *pipe;     /* a bare name or a path */
    const char *mailslot; /* NULL: the pipe */
    const char *json;     /* a file, or OPTIONS_STDOUT; NULL: none */
    const char *mode_name, *lane_name;
    pp_mode mode;
    pp_lane lane;
    uint64_t clients, size, depth, workers; /* workers 0: as many as processors */
    double duration, warmup;                /* seconds */
    double rate;                            /* messages a second; 0: closed loop */
    bool one_way, verify, quiet, help;
    uint32_t given; /* which options were: one bit each */
} options;

/* False: `error` holds one line that says what is wrong and what is allowed. */
bool options_read(options *o, int count, char **arguments, char error[OPTIONS_ERROR]);

void options_print_help(void);

#endif
