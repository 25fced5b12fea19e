/*
 * The folder: named pipes on the port. A listener keeps instances waiting for clients. A connection
 * is one end of a pipe: a listener accepted it, a user dialled it, or a user opened its handle.
 *
 * This file turns events into steps of the connection's parts, in one order.
 */
#include "pipe/conn_turn.h"

#include "base/mem.h"
#include "pipe/conn_lane.h"
#include "pipe/conn_read.h"
#include "pipe/conn_time.h"
#include "pipe/conn_write.h"

#include <assert.h>

/* ---- Dialling ------------------------------------------------------------------------------- */

static void conn__dialled(pp_conn *c, const dialler_result *r)
{
    DWORD error;

    if (r->step == DIALLER_FAILED)
        conn_close_for(c, r->status);
    if (r->step != DIALLER_OPENED)
        return;
    error = transport_attach(&c->transport, r->handle, false);
    if (error != ERROR_SUCCESS) {
        conn_close_for_error(c, error, "association with the port");
        return;
    }
    c->state = CONN_OPEN;
    dialler_free(c->dialler);
    c->dialler = NULL;
}

static void conn__dial(pp_conn *c, LONG events)
{
    dialler_result r;

    if (events & CONN_OPENED) {
        r = dialler_take(c->dialler, c->state == CONN_DIALLING);
        conn__dialled(c, &r);
    }
    if (c->state != CONN_DIALLING ||
        (events & (CONN_DROP | CONN_CLOSE | STRAND_STOP | STRAND_ABORT)))
        return; /* it ends: no need to retry */
    r = dialler_advance(c->dialler);
    conn__dialled(c, &r);
}

static void conn__open(pp_conn *c)
{
    pp_port *port = conn_port(c);

    c->opened = true;
    peer_ask_process(&c->peer, &port->kernel, transport_handle(&c->transport), c->is_server_end);
    port_count_connection(port, 1);
    port_count(port, COUNT_CONNECTIONS_TOTAL, 1);
    conn_callback_begins(c);
    if (c->settings.handlers.on_open)
        c->settings.handlers.on_open(c, c->user);
    conn_callback_ended(c, "on_open");
}

/* ---- Ending --------------------------------------------------------------------------------- */

/* The port stops: the connection delivers what was read, and reads nothing more. */
static void conn__wind_down(pp_conn *c)
{
    if (c->state == CONN_DIALLING)
        conn_drain(c);
    if (c->state != CONN_OPEN)
        return;
    c->state = CONN_WINDING;
    c->clock.drain_deadline = clock_ms() + c->settings.drain_timeout_ms;
    transport_cancel_read(&c->transport);
}

/* While the port stops: whether the connection has delivered what was read, or must not. */
static bool conn__is_wound_down(const pp_conn *c)
{
    return c->state == CONN_WINDING &&
           (c->closing || (!transport_is_reading(&c->transport) && !conn_has_message(c)));
}

/* Whether the connection may close its handle. To close a socket whose other end still writes would
 * drop what that end has not read. */
static bool conn__is_handed_over(pp_conn *c)
{
    bool socket = transport_is_socket(&c->transport);

    if (!conn_is_written(c))
        return false;
    if (socket)
        conn_tell_no_more(c);
    return !socket || c->reads_are_over;
}

/* The time to close gracefully is over. That is a time-out only if something is left to do. */
static void conn__drain_is_over(pp_conn *c)
{
    if (conn_is_written(c) && (c->closing || !conn_has_message(c)))
        conn_close_done(c);
    else
        conn_time_out(c, PP_E_DRAIN_TIMEOUT);
}

static bool conn__is_ending(const pp_conn *c)
{
    return c->state == CONN_WINDING || c->state == CONN_DRAINING;
}

/* Advances a graceful end that has begun. */
static void conn__end_further(pp_conn *c)
{
    if (conn__is_wound_down(c)) {
        conn_drain(c);
        if (transport_is_socket(&c->transport))
            strand_raise(&c->strand, CONN_AGAIN); /* to read it to its end */
    }
    if (c->state == CONN_DRAINING && conn__is_handed_over(c))
        conn_close_done(c);
    if (conn__is_ending(c) && c->clock.drain_deadline <= clock_ms())
        conn__drain_is_over(c);
}

/* The end is decided, and nothing is pending. */
static bool conn__may_finish(pp_conn *c)
{
    return c->state == CONN_CLOSING && transport_is_idle(&c->transport) &&
           (!c->dialler || dialler_leave(c->dialler));
}

/* Returns the seat to its host before on_close, which may take long. Without a seat the pipe
 * closes, and what was written stays readable. */
static void conn__leave_seat(pp_conn *c)
{
    kernel_handle pipe;

    if (!c->seat) {
        transport_close(&c->transport);
        return;
    }
    peer_leave_users(&c->peer, &c->seat->host->users);
    pipe = transport_give_away(&c->transport);
    c->seat->host->take_back(c->seat, &pipe, c->peer_left);
    c->seat = NULL;
}

static void conn__free_parts(pp_conn *c)
{
    dialler_free(c->dialler);
    c->dialler = NULL;
    timer_close(&c->timer);
    intake_free(&c->intake);
    conn_free_outbox(c);
    budget_leave(&conn_port(c)->budget, c->settings.max_message);
}

/* Clients leave and we close all the time: that is for debugging. All other ends are news. */
static void conn__log_end(const pp_conn *c)
{
    bool usual = c->reason == PP_OK || c->reason == PP_E_PEER_CLOSED || c->reason == PP_E_ABORTED;

    log_write(&conn_port(c)->log, usual ? PP_LOG_DEBUG : PP_LOG_INFO,
              "connection %llu of process %lu ended: %s", (unsigned long long)c->id,
              (unsigned long)peer_known(&c->peer)->process_id, pp_status_text(c->reason));
}

/* The last turn. */
static void conn__finish(pp_conn *c)
{
    pp_port *port = conn_port(c);
    host *h = c->seat ? c->seat->host : NULL;

    conn_free_lane(c);
    conn__leave_seat(c);
    conn__free_parts(c);
    if (c->opened)
        port_count_connection(port, -1);
    port_count(port, (counter)(COUNT_ENDED + c->reason), 1);
    conn__log_end(c);
    conn_callback_begins(c);
    if (c->settings.handlers.on_close)
        c->settings.handlers.on_close(c, c->user, c->reason);
    conn_callback_ended(c, "on_close");
    if (h)
        h->let_go(h);
    InterlockedExchange(&c->over, 1);
    strand_retire(&c->strand);
    pp_conn_unref(&(pp_conn *){c});
}

/* ---- The turn ------------------------------------------------------------------------------- */

static void conn__note_events(pp_conn *c, LONG events)
{
    if (c->dialler)
        conn__dial(c, events);
    if (c->state == CONN_OPEN && !c->opened)
        conn__open(c);
    transport_wake(&c->transport, (events & CONN_HEARD) != 0, (events & CONN_RANG) != 0);
    conn_take_written(c, (events & CONN_WRITTEN) != 0);
    conn_take_read(c, (events & CONN_READ) != 0);
    if (events & (CONN_DROP | STRAND_ABORT))
        conn_close_for(c, PP_E_ABORTED);
    if (events & CONN_CLOSE)
        conn_drain(c);
    if (events & STRAND_STOP)
        conn__wind_down(c);
    if (events & CONN_TIMER)
        conn_look_at_clock(c);
}

/* What a worker asks while the strand stays. */
static bool conn__answer(pp_conn *c, LONG question)
{
    return question == STRAND_LOOK ? transport_stirs(&c->transport) : transport_rest(&c->transport);
}

static bool conn__turn(strand *s, LONG events)
{
    pp_conn *c = CONTAINER_OF(s, pp_conn, strand);

    if (events < 0)
        return conn__answer(c, events);
    conn__note_events(c, events);
    conn_read_on(c);
    conn_drain_if_both_ended(c);
    conn_advance_lane(c);
    conn_write_on(c);
    conn_read_off(c);
    conn_tell_writable(c);
    conn__end_further(c);
    if (conn__may_finish(c)) {
        conn__finish(c);
        return false;
    }
    conn_set_timer(c);
    if (transport_polls(&c->transport))
        strand_stay(&c->strand);
    return true;
}

/* ---- Making one ----------------------------------------------------------------------------- */

static void conn__set(pp_conn *c, const pp_conn_options *o)
{
    c->user = o->user;
    c->settings = (conn_settings){
        .mode = o->mode,
        .direction = o->direction,
        .half_close = o->half_close,
        .lane = o->mode == PP_MODE_FRAMED && o->direction == PP_DIRECTION_DUPLEX &&
                o->lane == PP_LANE_AUTO,
        .lane_ring_bits = ring_bits((uint32_t)o->lane_ring),
        .lane_busy = (uint32_t)o->lane_busy,
        .max_message = o->max_message,
        .drain_timeout_ms = (uint32_t)o->drain_timeout_ms,
        .first_byte_timeout_ms = (uint32_t)o->first_byte_timeout_ms,
        .idle_timeout_ms = (uint32_t)o->idle_timeout_ms,
        .handlers = o->handlers,
    };
}

static void conn__init_parts(pp_conn *c, pp_port *port, const pp_conn_options *o)
{
    transport_init(&c->transport, &c->strand, CONN_READ, o->mode);
    intake_init(&c->intake, &port->budget, &c->strand, CONN_AGAIN);
    outbox_init(&c->outbox, o, TRANSPORT_WRITE_MOST, &port->budget, &c->strand, CONN_AGAIN);
    c->clock.drain_deadline = c->clock.trim_deadline = CLOCK_NEVER;
}

pp_conn *conn_new(pp_port *port, const pp_conn_options *options)
{
    pp_conn *c = mem_alloc_zeroed(sizeof *c);

    if (!c)
        return NULL;
    strand_init(&c->strand, &port->strands, conn__turn);
    if (!peer_init(&c->peer) || !timer_open(&c->timer, &port->timers, &c->strand, CONN_TIMER))
        goto no_timer;
    if (!budget_join(&port->budget, options->max_message))
        goto no_budget;
    c->refs = 1;
    c->id = port_next_id(port);
    conn__set(c, options);
    conn__init_parts(c, port, options);
    return c;

no_budget:
    timer_close(&c->timer);
no_timer:
    peer_free(&c->peer);
    mem_free(c);
    return NULL;
}

void conn_discard(pp_conn *c)
{
    assert(!c->seat && !c->opened);
    transport_close(&c->transport);
    dialler_free(c->dialler);
    budget_leave(&conn_port(c)->budget, c->settings.max_message);
    timer_close(&c->timer);
    peer_free(&c->peer);
    strand_retire(&c->strand); /* the port may be gone from here on */
    mem_free(c);
}

bool conn_start_accepted(pp_conn *c, kernel_handle *pipe, seat *s)
{
    if (!strand_join(&c->strand)) {
        conn_discard(c);
        return false;
    }
    transport_take_over(&c->transport, pipe);
    c->seat = s;
    c->is_server_end = true;
    c->state = CONN_OPEN;
    strand_go(&c->strand, CONN_START);
    return true;
}

void conn_hand_out(pp_conn *c, pp_conn **out)
{
    if (!out)
        return;
    pp_conn_ref(c);
    *out = c;
}

void conn_start(pp_conn *c)
{
    strand_go(&c->strand, CONN_START);
}
