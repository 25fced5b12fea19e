/*
 * A connection: one end of a pipe on the port, with a read side and a write side.
 *
 * The rule. Everything belongs to the connection's turn, except: the queue that senders fill, which
 * is under its lock; `refs`, `closing`, the gate and the strand's events, which are interlocked;
 * and what does not change after the connection was made. A read or write in flight belongs to the
 * kernel until its packet has been noted in `result`, and the turn takes it from there. The memory
 * goes with the last reference; the connection itself holds one until its last turn, which comes
 * when the handle is closed and nothing is pending.
 */
#ifndef PP_PIPE_CONN_H
#define PP_PIPE_CONN_H

#include "base/gate.h"
#include "iocp/port.h"
#include "pipe/queue.h"
#include "pipeport.h"

typedef enum conn_state {
    CONN_DIALLING, /* no handle yet */
    CONN_OPEN,
    CONN_WINDING,  /* the port stops: what was read is delivered, nothing more is read */
    CONN_DRAINING, /* closing gracefully: what was accepted is written */
    CONN_CLOSING   /* the end is decided: waiting for what is pending */
} conn_state;

/* Events of the strand. */
#define CONN_START STRAND_EVENT(0)
#define CONN_READ STRAND_EVENT(1)    /* the read's packet came */
#define CONN_WRITTEN STRAND_EVENT(2) /* the write's packet came */
#define CONN_LOOK STRAND_EVENT(3)    /* something was queued, resumed, or left for another turn */
#define CONN_CLOSE STRAND_EVENT(4)
#define CONN_DROP STRAND_EVENT(5) /* close at once */
#define CONN_TIMER STRAND_EVENT(6)
#define CONN_OPENED STRAND_EVENT(7) /* the helper's attempt to open the name has ended */

/* An operation and the result that its packet brought. */
typedef struct conn_op {
    op op;
    pp_conn *conn;
    bool pending; /* started, and its packet not yet taken by a turn */
    DWORD error, bytes;
} conn_op;

typedef struct conn_reader {
    conn_op operation;
    char *buffer;
    size_t size, start, end; /* unread data is from start to end */
    bool whole;              /* message mode: the data is a whole message */
    bool ended;              /* the other end declared the end of its sending */
    bool untold_end;         /* a socket's, and nobody was told */
    bool denied;             /* nothing more can be read, and we go on sending */
    unsigned small_reads;    /* in a row that used little of the buffer */
    budget_account account;  /* what the buffer holds of the port's limit */
} conn_reader;

typedef struct conn_writer {
    conn_op operation;
    queue_buffer active; /* what is being written, from active.start on */
    DWORD size;          /* of the write that is pending */
    bool waits;          /* for the rest of the batch */
    bool shut;           /* a socket's other end was told that no more comes */
} conn_writer;

struct dial;

struct pp_conn {
    strand strand;
    volatile LONG refs;
    volatile LONG closing; /* no more messages are delivered */
    volatile LONG over;    /* on_close was called */
    gate gate;             /* shut while it is paused */
    uint64_t id;
    pp_conn_options options;
    void *user;

    conn_state state;
    pp_status reason;  /* why it ends, from CONN_CLOSING on */
    bool opened;       /* on_open was called */
    bool unanswerable; /* a write found that the other end has left; what it sent is still read */
    bool serving;      /* the server's end of its pipe */
    bool is_socket;    /* no pipe; fixed */
    bool client_left;  /* the read side saw the other end go first */
    kernel_handle pipe;
    SRWLOCK peer_lock;              /* for what `peer` points to */
    pp_peer *peer;                  /* from opening on */
    bool identified, judged;        /* the user was asked for; and may stay */
    struct users_entry *user_entry; /* among those of the listener, if it limits them */
    struct instance *instance;      /* goes back to the listener; NULL when dialled */
    struct dial *dial;              /* while CONN_DIALLING */

    timer timer;
    uint64_t drain_deadline, trim_deadline;
    uint64_t callback_ns; /* when the callback that is running began */
    /* Since when we have been waiting for the first byte, and for anything to move; by clock_ms.
     * The time counts while a read or a write is pending: what we do not ask for is not late. */
    uint64_t silent_since, moved_at;
    bool awaits_byte, awaits_move;
    bool heard; /* something was read */
    /* Reads and writes done, and writes; what an idle side needs no more is given back. */
    unsigned moves, moves_at_trim, writes, writes_at_trim;
    conn_reader read;
    conn_writer write;
    send_queue queue;
};

/* Makes a connection that has no handle yet. NULL: no memory. Not started. */
pp_conn *conn_new(pp_port *port, const pp_conn_options *options);

/* For one that never had a turn, whether or not it has a handle and has joined the port: it goes as
 * if it had never been, without a callback. */
void conn_discard(pp_conn *c);

/* Starts with a pipe that a client has opened, and takes over both; false: the port stops, and
 * nothing was taken over but `c`. */
bool conn_start_accepted(pp_conn *c, kernel_handle *pipe, struct instance *i);

/* For turns: ends it at once for `reason`. */
void conn_end(pp_conn *c, pp_status reason);

/* At once because we closed it, gracefully if everything that was accepted is handed over. */
void conn_end_closed(pp_conn *c);

/* At once for an error of the kernel. */
void conn_end_error(pp_conn *c, DWORD error, const char *what);

/* Around each callback: one that takes longer than slow_callback_ms is counted and logged. Between
 * callbacks that follow on each other the end of one is the beginning of the next. */
void conn_callback_begins(pp_conn *c);
void conn_callback_ended(pp_conn *c, const char *which);

/* For turns: bytes are read or written; only the first time does it anything. */
void conn_tune(pp_conn *c);

/* For turns: bytes were read or written. */
void conn_moved(pp_conn *c);

/* For turns: a buffer has grown; when the connection is idle it will be given back. */
void conn_plan_trim(pp_conn *c);

/* For turns, conn_time.c: what is due; whether from here on we wait for the other end; and when the
 * clock is to be looked at next. */
void conn_look_at_clock(pp_conn *c);
void conn_note_waiting(pp_conn *c);
void conn_set_timer(pp_conn *c);

bool conn_is_live(const pp_conn *c);
void conn_op_init(conn_op *o, pp_conn *c, op_fn *complete);
void conn_op_note(conn_op *o, DWORD error, DWORD bytes);

/* Checks what listeners and dials have in common, and fills in what follows from other options. */
pp_status conn_check_options(pp_port *port, const pp_conn_options *options,
                             pp_conn_options *checked, pp_error *error);

/* The read side, conn_read.c: takes a packet; delivers and reads on; reads what comes after a
 * graceful close began; gives back memory. */
void read_completed(pp_conn *c);
void read_advance(pp_conn *c);
void read_drain(pp_conn *c);
bool read_has_message(const pp_conn *c);
void read_trim(pp_conn *c);
void read_free(pp_conn *c);

/* The write side, conn_write.c: takes a packet; hands over what is queued, perhaps at the end of
 * the batch only. */
void write_completed(pp_conn *c);
void write_advance(pp_conn *c);
bool write_is_empty(pp_conn *c);
void write_shut(pp_conn *c);
void write_tell_writable(pp_conn *c);
void write_trim(pp_conn *c);
void write_free(pp_conn *c);

/* Who the other end is, conn_identity.c: when it opens; when the user was first heard of, false if
 * that ended the connection; when it ends. */
void conn_meet(pp_conn *c);
bool conn_identify(pp_conn *c);
void conn_part(pp_conn *c);

/* Adopting, adopt.c: takes over the handle, which is closed on failure, and joins the port, but
 * does not go yet: conn_discard may still undo it. */
pp_status adopt_join(pp_port *port, HANDLE handle, const pp_conn_options *options, pp_conn **conn,
                     pp_error *error);

/* Dialling, dial.c. `dial_leave`: false while a helper's result is on its way. */
void dial_advance(pp_conn *c, LONG events);
void dial_helped(pp_conn *c);
void dial_free(pp_conn *c);
uint64_t dial_deadline(const pp_conn *c);
bool dial_leave(pp_conn *c);

#endif
