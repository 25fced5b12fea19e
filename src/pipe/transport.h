/*
 * The transport: how bytes get to the other end and come from there. This one is a pipe, or a
 * socket, with at most one read and one write in flight.
 *
 * The rule. Everything here is for the turn of its strand, except a transfer that is pending, which
 * belongs to the kernel. When its packet comes, a worker only notes the result and raises the
 * strand's event; the turn then takes it with transport_take_read or transport_take_write. "A
 * packet came" and "bytes are here" are two things, which meet in these two functions alone.
 *
 * A write may be taken in part: its result says how many bytes were. Pipes take a write whole.
 *
 * The thresholds are this transport's: what a read or a write costs decides them.
 */
#ifndef PP_PIPE_TRANSPORT_H
#define PP_PIPE_TRANSPORT_H

#include "iocp/port.h"

#define TRANSPORT_READ_MOST (64u * 1024)   /* a buffer that reads fill grows as far */
#define TRANSPORT_WRITE_MOST (256u * 1024) /* of one write; of a message all is one write */
#define TRANSPORT_WRITE_MUCH (16u * 1024)  /* so much is written at once, not coalesced */
#define TRANSPORT_WRITE_STEP (64u * 1024)  /* for so much of a write the idle time counts anew */

typedef struct transfer {
    op op;
    bool pending; /* started, and its packet not yet taken by a turn */
    DWORD size, error, bytes;
} transfer;

typedef struct transport {
    strand *strand;
    LONG came, written; /* the events that the packets of the two raise */
    bool in_line;       /* a success at once needs no packet */
    bool socket;        /* fixed once it has a handle; any thread may ask */
    kernel_handle handle;
    transfer read, write;
} transport;

typedef struct transport_result {
    DWORD error; /* a Windows error, or 0 */
    DWORD bytes;
    bool whole; /* of a read without error: no more of its message follows */
    bool ended; /* of a read without error: the other end sends no more (sockets) */
} transport_result;

/* It has no handle yet. */
void transport_init(transport *t, strand *s, LONG came, LONG written, pp_mode mode);

/* Takes over a handle that is on no port; on failure it is closed. A Windows error or 0. */
DWORD transport_attach(transport *t, HANDLE handle, bool socket);

/* Takes over one that is on the port, and gives it away: `*handle` then holds none. */
void transport_take_over(transport *t, kernel_handle *handle);
kernel_handle transport_give_away(transport *t);

/* Whether somebody else has set the handle so that successes at once queue no packet. */
bool transport_note_modes(transport *t);

bool transport_is_open(const transport *t);
bool transport_is_socket(const transport *t);
bool transport_is_reading(const transport *t);

/* How many bytes are being written, 0: no write is pending. (One of no bytes counts as one.) */
DWORD transport_writing(const transport *t);

/* Neither is pending. */
bool transport_is_idle(const transport *t);

/* The handle, to ask Windows about its other end. */
HANDLE transport_handle(const transport *t);

/* Starts a read or a write. True: it has ended at once, as `r` says; else its event will come, and
 * until then the memory belongs to the kernel. */
bool transport_read(transport *t, void *at, size_t room, transport_result *r);
bool transport_write(transport *t, const void *data, size_t size, transport_result *r);

/* After the event: takes what the packet brought. False: it brought nothing, and the transfer goes
 * on. */
bool transport_take_read(transport *t, transport_result *r);
bool transport_take_write(transport *t, transport_result *r);

/* Asks for the end of what is pending; its event comes in any case. */
void transport_cancel_read(transport *t);
void transport_cancel(transport *t);

/* Tells a socket's other end that no more will be sent; pipes have no such word. */
void transport_end_sending(transport *t);

/* Closes the handle, if it has one. Nothing is pending. */
void transport_close(transport *t);

#endif
