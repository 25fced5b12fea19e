/*
 * The folder: named pipes on the port. A listener keeps instances waiting for clients; a connection
 * is one end of a pipe, made by a listener or by dialling. This file holds what a connection is:
 * its turn, and its life from the first event to the end.
 */
#include "pipe/conn.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "pipe/listener.h"

/* ---- Operations ----------------------------------------------------------------------------- */

void conn_op_init(conn_op *o, pp_conn *c, op_fn *complete)
{
    op_init(&o->op, complete);
    o->conn = c;
    o->pending = false;
}

static pp_conn *conn__note(op *o, DWORD error, DWORD bytes)
{
    conn_op *operation = CONTAINER_OF(o, conn_op, op);

    operation->error = error;
    operation->bytes = bytes;
    return operation->conn;
}

static void conn__read_packet(op *o, DWORD error, DWORD bytes)
{
    strand_raise(&conn__note(o, error, bytes)->strand, CONN_READ);
}

static void conn__write_packet(op *o, DWORD error, DWORD bytes)
{
    strand_raise(&conn__note(o, error, bytes)->strand, CONN_WRITTEN);
}

/* ---- Ending --------------------------------------------------------------------------------- */

bool conn_is_live(const pp_conn *c)
{
    return c->state != CONN_CLOSING;
}

void conn_end(pp_conn *c, pp_status reason)
{
    if (!conn_is_live(c))
        return;
    c->state = CONN_CLOSING;
    c->reason = (unsigned)reason < PP_STATUS_COUNT ? reason : PP_E_ARGUMENT; /* a user's status */
    queue_close(&c->queue);
    if (c->read.operation.pending)
        kernel_cancel(&port_of(&c->strand)->kernel, &c->pipe, &c->read.operation.op);
    if (c->write.operation.pending)
        kernel_cancel(&port_of(&c->strand)->kernel, &c->pipe, &c->write.operation.op);
}

void conn_end_closed(pp_conn *c)
{
    conn_end(c, c->unanswerable ? PP_E_PEER_CLOSED : PP_OK);
}

void conn_end_error(pp_conn *c, DWORD error, const char *what)
{
    pp_status status = error_from_windows(error);

    if (conn_is_live(c) && status != PP_E_PEER_CLOSED)
        log_write(&port_of(&c->strand)->log, PP_LOG_WARN,
                  "connection %llu: %s failed: Windows error %lu", (unsigned long long)c->id, what,
                  (unsigned long)error);
    conn_end(c, status);
}

/* The instance goes back to its listener; a pipe that was dialled closes, which leaves what was
 * written readable. */
static void conn__release_pipe(pp_conn *c)
{
    if (c->instance)
        listener_take_back(c->instance, &c->pipe, c->client_left);
    else
        kernel_close(&port_of(&c->strand)->kernel, &c->pipe);
    c->instance = NULL;
}

/* That clients leave and that we close is nothing to tell; what else ends a connection is. */
static pp_log_level conn__log_level(const pp_conn *c)
{
    return c->reason == PP_OK || c->reason == PP_E_PEER_CLOSED || c->reason == PP_E_ABORTED
               ? PP_LOG_DEBUG
               : PP_LOG_INFO;
}

/* The last turn. */
static void conn__finish(pp_conn *c)
{
    pp_port *port = port_of(&c->strand);
    pp_listener *l = c->instance ? c->instance->listener : NULL;

    conn_part(c);
    if (l)
        listener_hold(l);
    conn__release_pipe(c);
    dial_free(c);
    timer_close(&c->timer);
    read_free(c);
    write_free(c);
    budget_leave(&port->budget, c->options.max_message);
    if (c->opened)
        port_count_connection(port, -1);
    port_count(port, (counter)(COUNT_ENDED + c->reason), 1);
    log_write(&port->log, conn__log_level(c), "connection %llu of process %lu ended: %s",
              (unsigned long long)c->id, (unsigned long)c->peer->process_id,
              pp_status_text(c->reason));
    conn_callback_begins(c);
    if (c->options.handlers.on_close)
        c->options.handlers.on_close(c, c->user, c->reason);
    conn_callback_ended(c, "on_close");
    if (l)
        listener_let_go(l);
    InterlockedExchange(&c->over, 1);
    strand_retire(&c->strand);
    pp_conn_unref(&(pp_conn *){c});
}

static void conn__drain(pp_conn *c)
{
    if (c->state >= CONN_DRAINING)
        return;
    if (c->state == CONN_DIALLING) {
        conn_end(c, PP_E_ABORTED); /* nobody is there to send to */
        return;
    }
    if (c->state != CONN_WINDING)
        c->drain_deadline = clock_ms() + c->options.drain_timeout_ms;
    c->state = CONN_DRAINING;
    queue_close(&c->queue);
}

/* The port stops: what has been read is answered, nothing more is read. */
static void conn__wind_down(pp_conn *c)
{
    if (c->state == CONN_DIALLING)
        conn__drain(c);
    if (c->state != CONN_OPEN)
        return;
    c->state = CONN_WINDING;
    c->drain_deadline = clock_ms() + c->options.drain_timeout_ms;
    if (c->read.operation.pending)
        kernel_cancel(&port_of(&c->strand)->kernel, &c->pipe, &c->read.operation.op);
}

/* The time to close gracefully is up: late is only what is left. */
static void conn__drain_is_over(pp_conn *c)
{
    if (write_is_empty(c) && (c->closing || !read_has_message(c))) {
        conn_end_closed(c);
        return;
    }
    port_count(port_of(&c->strand), COUNT_TIMEOUTS, 1);
    conn_end(c, PP_E_DRAIN_TIMEOUT);
}

/* Closing a socket drops what its other end has not read, if that still writes. */
static bool conn__is_handed_over(pp_conn *c)
{
    if (!write_is_empty(c))
        return false;
    if (c->is_socket)
        write_shut(c);
    return !c->is_socket || c->read.denied;
}

/* Goes on with an end that has begun; false when that was the last turn. */
static bool conn__end_further(pp_conn *c)
{
    if (c->state == CONN_WINDING &&
        (c->closing || (!c->read.operation.pending && !read_has_message(c)))) {
        c->state = CONN_DRAINING;
        if (c->is_socket)
            strand_raise(&c->strand, CONN_LOOK); /* to be read to its end */
    }
    if (c->state == CONN_DRAINING) {
        queue_close(&c->queue);
        if (conn__is_handed_over(c))
            conn_end_closed(c);
    }
    if ((c->state == CONN_WINDING || c->state == CONN_DRAINING) && c->drain_deadline <= clock_ms())
        conn__drain_is_over(c);
    if (c->state != CONN_CLOSING || c->read.operation.pending || c->write.operation.pending ||
        (c->dial && !dial_leave(c)))
        return true;
    conn__finish(c);
    return false;
}

/* ---- The turn ------------------------------------------------------------------------------- */

static void conn__open(pp_conn *c)
{
    c->opened = true;
    conn_meet(c);
    port_count_connection(port_of(&c->strand), 1);
    port_count(port_of(&c->strand), COUNT_CONNECTIONS_TOTAL, 1);
    conn_callback_begins(c);
    if (c->options.handlers.on_open)
        c->options.handlers.on_open(c, c->user);
    conn_callback_ended(c, "on_open");
}

static void conn__note_events(pp_conn *c, LONG events)
{
    if (events & CONN_OPENED)
        dial_helped(c);
    if (c->state == CONN_DIALLING)
        dial_advance(c, events);
    if (c->state == CONN_OPEN && !c->opened)
        conn__open(c);
    if (events & CONN_WRITTEN)
        write_completed(c);
    if (events & CONN_READ)
        read_completed(c);
    if (events & (CONN_DROP | STRAND_ABORT))
        conn_end(c, PP_E_ABORTED);
    if (events & CONN_CLOSE)
        conn__drain(c);
    if (events & STRAND_STOP)
        conn__wind_down(c);
    if (events & CONN_TIMER)
        conn_look_at_clock(c);
}

static bool conn__turn(strand *s, LONG events)
{
    pp_conn *c = CONTAINER_OF(s, pp_conn, strand);

    conn__note_events(c, events);
    read_advance(c);
    write_advance(c);
    read_drain(c);
    write_tell_writable(c);
    conn_note_waiting(c);
    if (!conn__end_further(c))
        return false;
    conn_set_timer(c);
    return true;
}

/* ---- Making one ----------------------------------------------------------------------------- */

pp_status conn_check_options(pp_port *port, const pp_conn_options *options,
                             pp_conn_options *checked, pp_error *error)
{
    pp_status status = option_check(&option_conn_table, options, error);
    uint64_t longest;

    if (status == PP_OK)
        status = option_check_way(options->mode, options->direction, error);
    if (status != PP_OK)
        return status;
    if (options->low_mark > options->high_mark)
        return error_set(
            error, PP_E_ARGUMENT, 0, "low_mark is %llu; allowed: at most high_mark, which is %llu",
            (unsigned long long)options->low_mark, (unsigned long long)options->high_mark);
    *checked = *options;
    if (options->low_mark == 0)
        checked->low_mark = options->high_mark / 4;
    longest = budget_longest(&port->budget, options->max_message);
    if (longest < options->max_message)
        log_write(&port->log, PP_LOG_WARN,
                  "max_message %llu is cut to %llu, a quarter of max_buffered",
                  (unsigned long long)options->max_message, (unsigned long long)longest);
    checked->max_message = longest;
    return PP_OK;
}

void conn_tune(pp_conn *c)
{
    kernel_set_notification_modes(&port_of(&c->strand)->kernel, &c->pipe,
                                  c->options.mode != PP_MODE_MESSAGE);
}

void conn_moved(pp_conn *c)
{
    c->moves++;
    if (budget_held(&c->read.account) > 0)
        conn_plan_trim(c);
    if (c->options.idle_timeout_ms > 0)
        c->moved_at = clock_ms();
}

pp_conn *conn_new(pp_port *port, const pp_conn_options *options)
{
    pp_conn *c = mem_alloc_zeroed(sizeof *c);

    if (!c)
        return NULL;
    strand_init(&c->strand, &port->strands, conn__turn);
    c->peer = mem_alloc_zeroed(sizeof *c->peer);
    if (!c->peer || !timer_open(&c->timer, &port_of(&c->strand)->timers, &c->strand, CONN_TIMER))
        goto no_timer;
    if (!budget_join(&port->budget, options->max_message))
        goto no_budget;
    c->refs = 1;
    InitializeSRWLock(&c->peer_lock);
    c->id = port_next_id(port);
    c->options = *options;
    c->user = options->user;
    c->pipe = KERNEL_NO_HANDLE;
    c->drain_deadline = c->trim_deadline = CLOCK_NEVER;
    budget_account_init(&c->read.account, BUDGET_MESSAGE, &c->strand, CONN_LOOK);
    conn_op_init(&c->read.operation, c, conn__read_packet);
    conn_op_init(&c->write.operation, c, conn__write_packet);
    queue_init(&c->queue, options, &port->budget, &c->strand, CONN_LOOK);
    return c;

no_budget:
    timer_close(&c->timer);
no_timer:
    mem_free(c->peer);
    mem_free(c);
    return NULL;
}

void conn_discard(pp_conn *c)
{
    kernel_close(&port_of(&c->strand)->kernel, &c->pipe);
    budget_leave(&port_of(&c->strand)->budget, c->options.max_message);
    timer_close(&c->timer);
    mem_free(c->peer);
    strand_retire(&c->strand); /* the port may be gone from here on */
    mem_free(c);
}

bool conn_start_accepted(pp_conn *c, kernel_handle *pipe, struct instance *i)
{
    if (!strand_join(&c->strand)) {
        conn_discard(c);
        return false;
    }
    c->pipe = *pipe;
    *pipe = KERNEL_NO_HANDLE;
    c->instance = i;
    c->serving = true;
    c->state = CONN_OPEN;
    strand_go(&c->strand, CONN_START);
    return true;
}
