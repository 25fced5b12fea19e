/*
 * A thread that reads a mailslot whose handle cannot be on a port, and hands what it read to a
 * strand. It reads ahead of the consumer by one buffer of datagrams and no more.
 *
 * The rule. The thread owns the reading; the datagrams being collected are under the lock;
 * everything else belongs to the strand's turn. The thread waits for nobody else for longer than
 * SLOT_READER_LOOK_MS, which is the slot's read time-out: nothing that a sender does or holds keeps
 * it from seeing slot_reader_stop. (A datagram sent to ourselves, the other way to end a read,
 * needs a slot that others let us open, and that is not full; CancelSynchronousIo does not end it
 * under Wine 8.)
 */
#ifndef PP_MAILSLOT_SLOT_READER_H
#define PP_MAILSLOT_SLOT_READER_H

#include "base/win.h"
#include "iocp/kernel.h"
#include "iocp/strand.h"
#include "mailslot/datagrams.h"

#define SLOT_READER_LOOK_MS 250 /* a stop takes as long, and an idle slot wakes us as often */

typedef struct slot_reader {
    HANDLE thread, slot;
    kernel *kernel;
    strand *strand;
    LONG event;    /* raised when there is something to take, and when the thread has ended */
    DWORD longest; /* what a read may bring */
    DWORD error;   /* why it ended, unless it was stopped */
    SRWLOCK lock;  /* for what follows */
    CONDITION_VARIABLE room;
    datagrams filling;
    bool stopping, finished;
} slot_reader;

/* A buffer of datagrams as the reader fills them, to be exchanged. */
bool slot_reader_open_datagrams(datagrams *b, DWORD longest);

/* Starts reading. A Windows error or 0. */
DWORD slot_reader_start(slot_reader *r, kernel *k, HANDLE slot, DWORD longest, strand *s,
                        LONG event);

/* Exchanges an empty buffer for what was read. True: there is something. */
bool slot_reader_take(slot_reader *r, datagrams *b);

/* Asks it to end, which it does within SLOT_READER_LOOK_MS. What it has read can be taken even
 * then. */
void slot_reader_stop(slot_reader *r);
bool slot_reader_has_ended(slot_reader *r);

/* After it has ended. */
void slot_reader_free(slot_reader *r);

#endif
