/*
 * What a run found out.
 */
#ifndef PIPE_LOAD_RESULT_H
#define PIPE_LOAD_RESULT_H

#include "tally.h"

#define RESULT_TEXT 400

/* One line about the first thing that went wrong; later ones are only counted. */
typedef struct trouble {
    volatile LONG64 count;
    volatile LONG noted;
    char text[RESULT_TEXT];
} trouble;

typedef struct result {
    double duration_s, connect_s; /* `duration_s` as it really was */
    const tally *tally;
    uint64_t workers, busy_retries;
    uint64_t lanes, lane_bells; /* at the end; while it was measured */
    uint64_t kernel_read, kernel_write, kernel_dequeue, kernel_other; /* while it was measured */
    trouble trouble;
} result;

/* Counts an error; from any thread. */
void trouble_note(trouble *t, const char *format, ...);

#endif
