/*
 * What is counted while it runs: one tally for each thread that counts, written by it alone, and
 * added up when all have ended.
 */
#ifndef PIPE_LOAD_TALLY_H
#define PIPE_LOAD_TALLY_H

#include "histogram.h"
#include "win.h"

#include <stdbool.h>

typedef struct tally {
    histogram latency, lateness; /* ns; within the measured time */
    volatile uint64_t messages;  /* completed within the measured time */
    volatile uint64_t replies;   /* at any time */
    uint64_t verify_failures;    /* replies that were not what was sent */
    char padding[64];            /* no cache line is shared */
} tally;

typedef struct tallies {
    tally *each;
    unsigned count;
    volatile LONG taken;
    DWORD slot;
} tallies;

/* For at most `threads` threads. False: no memory. */
bool tallies_open(tallies *all, unsigned threads);
void tallies_close(tallies *all);

/* The calling thread's. */
tally *tally_here(tallies *all);

/* Sums of all, for a look while it runs. */
uint64_t tallies_messages(const tallies *all);
uint64_t tallies_replies(const tallies *all);

/* Adds all of them to the first, when no thread counts any more. */
const tally *tallies_merge(tallies *all);

#endif
