/*
 * The inbox: strands that are ready for any worker. A thread outside the pool raised them, a worker
 * whose callbacks take long gave them away, or the watch stole them from a stuck worker. One packet
 * on the port announces them all.
 */
#ifndef PP_IOCP_INBOX_H
#define PP_IOCP_INBOX_H

#include "base/list.h"
#include "base/win.h"
#include "iocp/kernel.h"
#include "iocp/log.h"

typedef struct inbox {
    kernel *kernel;
    const log_sink *log;
    SRWLOCK lock; /* for what follows */
    fifo strands;
    bool announced; /* a packet that a worker will take announces the strands */
} inbox;

void inbox_init(inbox *in, kernel *k, const log_sink *log);

void inbox_push(inbox *in, fifo_link *strand);

/* Adds all of `strands`, and announces them. */
void inbox_give(inbox *in, fifo *strands);

/* Wakes a worker, so that it looks at the timers. */
void inbox_wake(inbox *in);

/* For the worker that took the packet: moves up to `most` strands to `taken`, and announces the
 * rest. */
void inbox_take(inbox *in, fifo *taken, unsigned most);

#endif
