/*
 * Strands that threads outside the pool made ready, or that were taken from a worker that is stuck
 * in a callback. One packet on the port announces them all.
 */
#ifndef PP_IOCP_INBOX_H
#define PP_IOCP_INBOX_H

#include "base/list.h"
#include "base/win.h"
#include "pipeport.h"

struct strand;

typedef struct inbox {
    SRWLOCK lock;
    fifo strands;
    bool announced; /* a packet is on its way to a worker */
} inbox;

void inbox_push(pp_port *port, struct strand *s);

/* Adds a whole queue, and wakes a worker even when it is empty. */
void inbox_give(pp_port *port, fifo *strands);

/* For a worker that got the packet: moves up to `most` strands to `taken` and announces the rest.
 */
void inbox_take(pp_port *port, fifo *taken, unsigned most);

#endif
