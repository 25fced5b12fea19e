/*
 * A thread that reads a mailslot whose handle cannot be on a port, and hands what it read to a
 * strand. It reads ahead of the consumer by one batch and no more.
 *
 * The rule. The thread owns the reading; the batch being filled is under the lock; everything else
 * belongs to the strand's turn. The thread waits for nobody else for longer than READER_LOOK_MS,
 * which is the slot's read time-out: nothing that a sender does or holds keeps it from seeing
 * reader_stop. (A datagram sent to ourselves, the other way to end a read, needs a slot that others
 * let us open, and that is not full; CancelSynchronousIo does not end it under Wine 8.)
 */
#ifndef PP_MAILSLOT_READER_H
#define PP_MAILSLOT_READER_H

#include "base/win.h"
#include "iocp/kernel.h"
#include "iocp/strand.h"
#include "mailslot/batch.h"

#define READER_LOOK_MS 250 /* a stop takes as long, and an idle slot wakes us as often */

typedef struct reader {
    HANDLE thread, slot;
    kernel *kernel;
    strand *strand;
    LONG event;    /* raised when there is something to take, and when the thread has ended */
    DWORD longest; /* what a read may bring */
    DWORD error;   /* why it ended, unless it was stopped */
    SRWLOCK lock;  /* for what follows */
    CONDITION_VARIABLE room;
    batch filling;
    bool stopping, ended;
} reader;

/* A batch as the reader fills them, to be exchanged. */
bool reader_open_batch(batch *b, DWORD longest);

/* Starts reading. A Windows error or 0. */
DWORD reader_start(reader *r, kernel *k, HANDLE slot, DWORD longest, strand *s, LONG event);

/* Exchanges an empty batch for what was read. True: there is something. */
bool reader_take(reader *r, batch *b);

/* Asks it to end, which it does within READER_LOOK_MS. What it has read can be taken even then. */
void reader_stop(reader *r);
bool reader_has_ended(reader *r);

/* After it has ended. */
void reader_free(reader *r);

#endif
