/*
 * The command `pipeport selftest` tries each assumption about the platform on this machine. A row
 * has a sentence, a function that tries it and notes what it sees, and the result that is expected
 * on Windows and under Wine.
 */
#ifndef PP_SERVER_SELFTEST_H
#define PP_SERVER_SELFTEST_H

#include "server/selftest_trial.h"

typedef struct selftest_row {
    const char *sentence;
    unsigned ends; /* the connected pipe that it gets: TRIAL_BYTES and so on */
    void (*look)(trial *t);
    const char *windows; /* what is seen there, " or " between alternatives; NULL: untestable */
    const char *wine;    /* how Wine is known to differ, in the same way; NULL: it does not */
} selftest_row;

typedef struct selftest_table {
    const selftest_row *rows;
    size_t count;
} selftest_table;

#define SELFTEST_TABLE(rows)                                                                       \
    {                                                                                              \
        rows, sizeof rows / sizeof *rows                                                           \
    }

extern const selftest_table selftest_port_table, selftest_connect_table, selftest_access_table,
    selftest_data_table, selftest_mailslot_table;

/* All of them, in the order of their running. */
#define SELFTEST_TABLES                                                                            \
    &selftest_port_table, &selftest_connect_table, &selftest_access_table, &selftest_data_table,   \
        &selftest_mailslot_table

#define SELFTEST_LONGEST_MS 10000u /* for a call that blocks: trials wait for less */

/* The arguments are those behind "selftest". Returns the exit status: 0 when nothing failed. */
int selftest_main(int count, char **arguments);

#endif
