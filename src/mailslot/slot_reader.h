/*
 * A thread that reads a mailslot whose handle cannot be on a port, and hands what it read to a
 * strand. It reads ahead of the consumer by one buffer of datagrams and no more.
 *
 * The rule. The thread owns the reading, the lock guards the datagrams that it collects, and all
 * else belongs to the strand's turn. A read of the thread waits no longer than SLOT_READER_LOOK_MS,
 * the slot's read time-out. So nothing that a sender does or holds keeps the thread from seeing
 * slot_reader_stop. (Sending ourselves a datagram would end a read, too. But the slot would have to
 * admit us and must not be full. CancelSynchronousIo does not end the read under Wine 8.)
 */
#ifndef PP_MAILSLOT_SLOT_READER_H
#define PP_MAILSLOT_SLOT_READER_H

#include "base/win.h"
#include "iocp/kernel.h"
#include "iocp/strand.h"
#include "mailslot/datagrams.h"

#define SLOT_READER_LOOK_MS 250 /* a stop takes up to this; an idle slot wakes us as often */

typedef struct slot_reader {
    HANDLE thread, slot;
    kernel *kernel;
    strand *strand;
    LONG event;    /* raised when the thread has read something, and when it has ended */
    DWORD longest; /* size of a read */
    DWORD error;   /* why the thread ended, unless it was stopped */
    SRWLOCK lock;  /* for what follows */
    CONDITION_VARIABLE room;
    datagrams filling;
    bool stopping, finished;
} slot_reader;

/* Makes a buffer of datagrams that slot_reader_take can exchange. */
bool slot_reader_open_datagrams(datagrams *b, DWORD longest);

/* Starts the thread. Returns a Windows error or 0. */
DWORD slot_reader_start(slot_reader *r, kernel *k, HANDLE slot, DWORD longest, strand *s,
                        LONG event);

/* Exchanges an empty buffer for what the thread has read. True: it has read something. */
bool slot_reader_take(slot_reader *r, datagrams *b);

/* Asks the thread to end, which takes up to SLOT_READER_LOOK_MS. The strand can take what it has
 * read even later. */
void slot_reader_stop(slot_reader *r);
bool slot_reader_has_ended(slot_reader *r);

/* Once the thread has ended. */
void slot_reader_free(slot_reader *r);

#endif
