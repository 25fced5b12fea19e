/*
 * A connection: one end of a pipe on the port. This is the struct that its parts share, and how a
 * connection ends. Its turn (conn_turn.h) pulls: it asks each part what is next, and acts itself.
 *
 *   transport   bytes to and from the other end       dialler   before there is a handle
 *   intake      what was read and not yet delivered   peer      who is at the other end
 *   outbox      what was sent and not yet written
 *
 * The rule. Everything belongs to the connection's turn, except: what the outbox and the peer have
 * under their locks; `refs`, `closing`, `over`, the gate and the strand's events, which are
 * interlocked; and what never changes once the connection was made. The last reference frees the
 * memory. The connection itself holds one until its last turn, which comes when the transport is
 * idle and no attempt to dial is under way.
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
    CONN_WINDING,  /* the port stops: delivers what was read, reads nothing more */
    CONN_DRAINING, /* closes gracefully: writes what was accepted */
    CONN_CLOSING   /* the end is decided: waits for what is pending */
} conn_state;

/* Events of the strand. */
#define CONN_START STRAND_EVENT(0)
#define CONN_READ STRAND_EVENT(1)    /* the packet of a read came */
#define CONN_WRITTEN STRAND_EVENT(2) /* the packet of a write came */
#define CONN_AGAIN STRAND_EVENT(3)   /* a user sent or resumed, or a turn left work */
#define CONN_CLOSE STRAND_EVENT(4)
#define CONN_DROP STRAND_EVENT(5) /* close at once */
#define CONN_TIMER STRAND_EVENT(6)
#define CONN_OPENED STRAND_EVENT(7) /* an attempt to open the name ended on another thread */
#define CONN_HEARD STRAND_EVENT(8)  /* the packets of a lane's operations */
#define CONN_RANG STRAND_EVENT(9)

/* The part of pp_conn_options that the connection itself needs; the outbox has the marks. */
typedef struct conn_settings {
    pp_mode mode;
    pp_direction direction;
    bool half_close;
    bool lane;
    uint8_t lane_ring_bits; /* a ring has 1 << that many bytes */
    uint32_t lane_busy;
    uint64_t max_message;
    uint32_t drain_timeout_ms, first_byte_timeout_ms, idle_timeout_ms; /* at most 7 days */
    pp_handlers handlers;
} conn_settings;

/* What a connection does by the clock (conn_time.h); all times are those of clock_ms. The time-outs
 * run while a read or a write is pending: the other end is not late with what we do not ask for. */
typedef struct conn_clock {
    uint64_t drain_deadline, trim_deadline;
    uint64_t silent_since, still_since; /* since when we wait for the first byte, and for a move */
    bool awaits_byte, awaits_move;
    unsigned moves, moves_at_trim, writes, writes_at_trim; /* reads and writes done, and writes */
    unsigned moves_seen; /* when it was asked last whether they come quickly, */
    uint32_t seen_ms;    /* which was then, by the low half of clock_ms; at first, the first move */
} conn_clock;

struct pp_conn {
    strand strand;
    volatile LONG refs;
    volatile LONG closing; /* delivers no more messages */
    volatile LONG over;    /* on_close was called */
    gate gate;             /* shut during a pause */
    uint64_t id;
    conn_settings settings; /* fixed */
    void *user;

    conn_state state;
    pp_status reason;     /* of its end, from CONN_CLOSING on */
    bool is_server_end;   /* fixed: the server's end of its pipe */
    bool opened;          /* on_open was called */
    bool heard;           /* something was read */
    bool admitted;        /* conn_admit has asked whether it may stay */
    bool peer_left;       /* the read side noticed that the other end left first */
    bool reads_are_over;  /* no read can bring anything, and we go on sending */
    bool writes_are_lost; /* a write found that the other end left; we still read what it sent */
    bool deferred;        /* a write waits for the other turns of this round */
    bool told_no_more;    /* a socket's other end knows that no more comes */
    bool lane_refused;    /* by one of the ends: it goes on by the pipe */
    transport transport;
    intake intake;
    outbox outbox;
    struct peer peer;
    seat *seat;       /* of the listener that accepted it; NULL: dialled or adopted */
    dialler *dialler; /* while CONN_DIALLING */

    timer timer;
    conn_clock clock;
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

/* The connection's end is not decided yet. */
static inline bool conn_is_live(const pp_conn *c)
{
    return c->state != CONN_CLOSING;
}

/* The connection may deliver messages, unless it is paused. */
static inline bool conn_may_deliver(const pp_conn *c)
{
    return (c->state == CONN_OPEN || c->state == CONN_WINDING) && !c->closing;
}

/* End the connection at once: for `reason`; because we closed it and handed over everything
 * accepted; for an error of the kernel. */
void conn_close_for(pp_conn *c, pp_status reason);
void conn_close_done(pp_conn *c);
void conn_close_for_error(pp_conn *c, DWORD error, const char *what);

/* Begins to drain: to close gracefully. */
void conn_drain(pp_conn *c);

/* Closes gracefully if both ends have ended their sending, since nothing can follow. */
void conn_drain_if_both_ended(pp_conn *c);

/* ---- Callbacks ------------------------------------------------------------------------------ */

/* Around each callback: counts and logs one that takes longer than slow_callback_ms. When callbacks
 * follow each other, the end of one is the beginning of the next. */
void conn_callback_begins(pp_conn *c);
void conn_callback_ended(pp_conn *c, const char *which);

#endif
