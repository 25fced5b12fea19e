/*
 * The transport: how bytes get to the other end and come from there: by a pipe, by a socket, or by
 * the rings of a lane beside the pipe, with at most one read and one write in flight.
 *
 * The rule. Everything here belongs to the strand's turn, except a pending transfer, which belongs
 * to the kernel. When its packet comes, a worker only notes the result and raises the strand's
 * event. The turn then takes the result with transport_take_read or transport_take_write. "A packet
 * came" and "bytes are here" are different facts, and only these two functions make one of the
 * other.
 *
 * A write may be taken in part: its result has the number of bytes. Pipes take a write whole.
 *
 * The thresholds belong to this transport, since they follow from what its reads and writes cost.
 */
#ifndef PP_PIPE_TRANSPORT_H
#define PP_PIPE_TRANSPORT_H

#include "iocp/port.h"
#include "pipe/lane.h"

#define TRANSPORT_READ_MOST (64u * 1024)   /* a buffer grows to this while reads fill it */
#define TRANSPORT_WRITE_MOST (256u * 1024) /* of one write; but a message is one write */
#define TRANSPORT_WRITE_MUCH (16u * 1024)  /* from here on a write is not deferred to coalesce */
#define TRANSPORT_WRITE_STEP (64u * 1024)  /* a write gets the idle time again for each */

typedef struct transfer {
    op op;
    bool pending; /* started, and no turn has taken its packet yet */
    DWORD size, error, bytes;
} transfer;

typedef struct transport {
    strand *strand;
    LONG came;    /* raised by the packet of a read; that of a write raises the next event */
    bool in_line; /* a success at once needs no packet */
    bool socket;  /* fixed once it has a handle; any thread may ask */
    kernel_handle handle;
    transfer read, write;
    lane *lane; /* or NULL */
} transport;

typedef struct transport_result {
    DWORD error; /* a Windows error, or 0 */
    DWORD bytes;
    bool whole; /* a read without error: it ends a message */
    bool ended; /* a read without error: the other end sends no more (sockets) */
} transport_result;

/* Makes a transport without a handle. The packet of a read raises `came`, that of a write the event
 * after it. */
void transport_init(transport *t, strand *s, LONG came, pp_mode mode);

/* Takes over a handle that is on no port, and closes it on failure. Returns a Windows error or
 * 0. */
DWORD transport_attach(transport *t, HANDLE handle, bool socket);

/* Takes over a handle that is on the port, and gives one away. Afterwards the giver has none. */
void transport_take_over(transport *t, kernel_handle *handle);
kernel_handle transport_give_away(transport *t);

/* Whether the user has set the handle so that instant successes queue no packet. */
bool transport_note_modes(transport *t);

static inline bool transport_is_open(const transport *t)
{
    return kernel_is_open(&t->handle);
}

static inline bool transport_is_socket(const transport *t)
{
    return t->socket;
}

static inline bool transport_is_reading(const transport *t)
{
    return t->read.pending;
}

/* How many bytes are being written; 0: no write is pending. (A write of no bytes counts as 1.) */
static inline DWORD transport_writing(const transport *t)
{
    return !t->write.pending ? 0 : t->write.size > 0 ? t->write.size : 1;
}

/* No read and no write is pending. */
static inline bool transport_is_idle(const transport *t)
{
    return !t->read.pending && !t->write.pending && (!t->lane || lane_is_idle(t->lane));
}

/* The handle, to ask Windows about its other end. */
HANDLE transport_handle(const transport *t);

/* Starts a read or a write. True: it ended at once, with `*r`. False: its event will come, and
 * until then the kernel owns the memory. */
bool transport_read(transport *t, void *at, size_t room, transport_result *r);
bool transport_write(transport *t, const void *data, size_t size, transport_result *r);

/* In each turn: takes the result of a pending transfer. `packet`: its event has come. False: there
 * is none yet, and the transfer goes on. */
bool transport_take_read(transport *t, bool packet, transport_result *r);
bool transport_take_write(transport *t, bool packet, transport_result *r);

/* Cancel what is pending; its event comes in any case. */
void transport_cancel_read(transport *t);
void transport_cancel(transport *t);

/* ---- A lane --------------------------------------------------------------------------------- */

/* At the beginning of each turn: takes the lane's packets whose events the turn has. */
void transport_wake(transport *t, bool heard, bool rang);

/* Whether the next bytes come without a packet: the strand has to stay. */
bool transport_polls(const transport *t);

/* After how many ms to look nevertheless; 0: news will come. */
uint32_t transport_looks_after(const transport *t);

/* A read found frames by the pipe and none by the ring, for one who forgets what comes: the other
 * end's LEAVE may be among that. True: it is taken as read, and reads go on by the pipe. */
bool transport_assume_left(transport *t);

/* Whether bells must go by the pipe before anything else does. */
bool transport_owes_bells(const transport *t);

/* What a strand that stays is asked: STRAND_LOOK and STRAND_REST. */
bool transport_stirs(transport *t);
bool transport_rest(transport *t);

/* Frees the lane, which both ends have left. */
void transport_drop_lane(transport *t);

/* Shuts a socket down for sending; pipes have no such call. */
void transport_end_sending(transport *t);

/* Closes the handle, if the transport has one. Nothing may be pending. */
void transport_close(transport *t);

#endif
