/*
 * What the port counts: a block for each worker, on cache lines of its own and written by that
 * worker alone, and one block that all other threads share with interlocked additions. A number of
 * the port is the sum over the blocks; for a gauge the blocks hold what was added and taken away
 * there, so that only the sum means something.
 */
#ifndef PP_IOCP_COUNTERS_H
#define PP_IOCP_COUNTERS_H

#include "base/win.h"
#include "pipeport.h"

typedef enum counter {
    COUNT_KERNEL_READ,
    COUNT_KERNEL_WRITE,
    COUNT_KERNEL_DEQUEUE,
    COUNT_KERNEL_OTHER,
    COUNT_OP_READ,
    COUNT_OP_WRITE,
    COUNT_OP_CONNECT,
    COUNT_OP_PENDING, /* gauge */
    COUNT_HANDLES,    /* gauge */
    COUNT_BYTES_IN,
    COUNT_BYTES_OUT,
    COUNT_MESSAGES_IN,
    COUNT_MESSAGES_OUT,
    COUNT_DATAGRAMS_IN,
    COUNT_DATAGRAMS_EMPTY,
    COUNT_DATAGRAMS_OVERSIZED,
    COUNT_CONNECTIONS_TOTAL,
    COUNT_BUSY_RETRIES,
    COUNT_REFUSED_SENDS,
    COUNT_TIMEOUTS,
    COUNT_SLOW_CALLBACKS,
    COUNT_ACCEPT_ERRORS,
    COUNT_ENDED, /* and one for each status after it */
    COUNT_ALL = COUNT_ENDED + PP_STATUS_COUNT
} counter;

#define COUNTERS_LINE 64 /* bytes of a cache line on x64; ARM64 has the same */

typedef struct counters {
    volatile LONG64 value[COUNT_ALL];
    char padding[COUNTERS_LINE];
} counters;

/* Adds to `which` in the block of the calling thread. */
void counter_add(pp_port *port, counter which, int64_t amount);

/* The sum over all blocks. */
uint64_t counter_sum(pp_port *port, counter which);

#endif
