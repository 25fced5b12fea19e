/*
 * What a port counts. Each worker has a block of counters, on cache lines of its own; all other
 * threads share one block. A figure of the port is the sum over the blocks. Of a gauge, a block
 * holds only what its own threads added and took away, so only the sum has a meaning.
 */
#ifndef PP_IOCP_COUNTERS_H
#define PP_IOCP_COUNTERS_H

#include "base/win.h"
#include "pipeport.h"

typedef enum counter {
    COUNT_KERNEL_DEQUEUE,
    COUNT_KERNEL_OTHER,
    COUNT_READ_BLOCKING,
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
    COUNT_LANES_NOW, /* gauge */
    COUNT_LANES_TOTAL,
    COUNT_LANES_REFUSED, /* and one for each reason after it */
    COUNT_LANE_BELLS = COUNT_LANES_REFUSED + PP_LANE_REASONS,
    COUNT_LANE_BYTES_IN,
    COUNT_LANE_BYTES_OUT,
    COUNT_LANE_POLLED_NS,
    COUNT_ENDED, /* and one for each status after it */
    COUNT_ALL = COUNT_ENDED + PP_STATUS_COUNT
} counter;

#define COUNTERS_LINE 64 /* bytes of a cache line on x64; ARM64 has the same */

typedef struct counters {
    volatile LONG64 value[COUNT_ALL];
    char padding[COUNTERS_LINE];
} counters;

#endif
