/*
 * A connection: one end of a pipe on the port. This is the struct that its parts share, and how it
 * ends. Its turn (conn_turn.h) pulls: it asks each part what is next, and acts itself.
 *
 *   transport   bytes to and from the other end       dialler   before there is a handle
 *   intake      what was read and not yet delivered   peer      who is at the other end
 *   outbox      what was sent and not yet written
 *
 * The rule. Everything belongs to the connection's turn, except: what the outbox and the peer have
 * under their locks; `refs`, `closing`, `over`, the gate and the strand's events, which are
 * interlocked; and what does not change after the connection was made. The memory goes with the
 * last reference; the connection itself holds one until its last turn, which comes when the
 * transport is idle and no attempt to dial is under way.
 */
#ifndef PP_PIPE_CONN_H
#define PP_PIPE_CONN_H

#include "base/gate.h"
#include "iocp/port.h"
#include "pipe/dialler.h"
#include "pipe/host.h"
#include "pipe/intake.h"
#include "pipe/outbox.h"
#include "pipe/peer.h"
#include "pipe/transport.h"

typedef enum conn_state {
    CONN_DIALLING, /* no handle yet */
    CONN_OPEN,
    CONN_WINDING,  /* the port stops: what was read is delivered, nothing more is read */
    CONN_DRAINING, /* closing gracefully: what was accepted is written */
    CONN_CLOSING   /* the end is decided: waiting for what is pending */
} conn_state;

/* Events of the strand. */
#define CONN_START STRAND_EVENT(0)
#define CONN_READ STRAND_EVENT(1)    /* the packet of a read came */
#define CONN_WRITTEN STRAND_EVENT(2) /* the packet of a write came */
#define CONN_AGAIN STRAND_EVENT(3)   /* something was queued, resumed, or left for another turn */
#define CONN_CLOSE STRAND_EVENT(4)
#define CONN_DROP STRAND_EVENT(5) /* close at once */
#define CONN_TIMER STRAND_EVENT(6)
#define CONN_OPENED STRAND_EVENT(7) /* an attempt to open the name has ended on another thread */

/* Of pp_conn_options, what the connection itself looks at; the outbox has the marks. */
typedef struct conn_settings {
    pp_mode mode;
    pp_direction direction;
    bool half_close;
    uint64_t max_message;
    uint64_t drain_timeout_ms, first_byte_timeout_ms, idle_timeout_ms;
    pp_handlers handlers;
} conn_settings;

/* What a connection does by the clock (conn_time.h); all by clock_ms. The times count while a read
 * or a write is pending: what we do not ask for is not late. */
typedef struct conn_clock {
    uint64_t drain_deadline, trim_deadline;
    uint64_t silent_since, moved_at; /* since when we wait for the first byte, and for any move */
    bool awaits_byte, awaits_move;
    unsigned moves, moves_at_trim, writes, writes_at_trim; /* reads and writes done, and writes */
} conn_clock;

struct pp_conn {
    strand strand;
    volatile LONG refs;
    volatile LONG closing; /* no more messages are delivered */
    volatile LONG over;    /* on_close was called */
    gate gate;             /* shut while it is paused */
    uint64_t id;
    conn_settings settings; /* fixed */
    void *user;

    conn_state state;
    pp_status reason;     /* why it ends, from CONN_CLOSING on */
    bool is_server_end;   /* of its pipe; fixed */
    bool opened;          /* on_open was called */
    bool heard;           /* something was read */
    bool admitted;        /* it was asked whether it may stay */
    bool peer_left;       /* the read side saw the other end go first */
    bool reads_are_over;  /* nothing more can be read, and we go on sending */
    bool writes_are_lost; /* a write found that the other end left; what it sent is still read */
    bool deferred;        /* a write waits for the other turns of this round */
    bool told_no_more;    /* a socket's other end was told that no more comes */
    transport transport;
    intake intake;
    outbox outbox;
    struct peer peer;
    seat *seat;       /* of the listener that accepted it; NULL when dialled or adopted */
    dialler *dialler; /* while CONN_DIALLING */

    timer timer;
    conn_clock clock;
    uint64_t callback_ns; /* when the callback that is running began */
};

static inline pp_port *conn_port(const pp_conn *c)
{
    return port_of(&c->strand);
}

static inline decoder conn_decoder(const pp_conn *c)
{
    return (decoder){c->settings.mode, c->settings.half_close, c->settings.max_message};
}

/* ---- How it ends; for turns ----------------------------------------------------------------- */

/* The end is not decided yet. */
bool conn_is_live(const pp_conn *c);

/* Messages may be delivered, but for a pause. */
bool conn_may_deliver(const pp_conn *c);

/* Ends it at once: for `reason`; because we closed it, gracefully if everything that was accepted
 * is handed over; for an error of the kernel. */
void conn_close_for(pp_conn *c, pp_status reason);
void conn_close_done(pp_conn *c);
void conn_close_for_error(pp_conn *c, DWORD error, const char *what);

/* Begins to close gracefully. */
void conn_drain(pp_conn *c);

/* If both ends have declared the end of their sending, nothing can follow: closes gracefully. */
void conn_drain_if_both_ended(pp_conn *c);

/* ---- Callbacks ------------------------------------------------------------------------------ */

/* Around each callback: one that takes longer than slow_callback_ms is counted and logged. Between
 * callbacks that follow on each other the end of one is the beginning of the next. */
void conn_callback_begins(pp_conn *c);
void conn_callback_ended(pp_conn *c, const char *which);

#endif
