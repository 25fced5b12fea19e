/*
 * What a connection does by the clock: its time-outs, and giving back memory while it is idle.
 */
#include "pipe/conn.h"

#define CONN__TRIM_MS 5000            /* how long a connection is idle before its buffers shrink */
#define CONN__WRITE_STEP (64u * 1024) /* for so much of a write the idle time-out counts anew */

static uint64_t conn__earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Windows does not tell how far a write has got: a long one has the time several times. */
static uint64_t conn__idle_time(const pp_conn *c)
{
    uint64_t steps = c->write.operation.pending ? c->write.size / CONN__WRITE_STEP : 0;

    return c->options.idle_timeout_ms * (1 + steps);
}

/* When it is up, as far as we wait for the other end. */
static uint64_t conn__first_byte_deadline(const pp_conn *c)
{
    return c->state == CONN_OPEN && c->awaits_byte
               ? c->silent_since + c->options.first_byte_timeout_ms
               : CLOCK_NEVER;
}

static uint64_t conn__idle_deadline(const pp_conn *c)
{
    return c->state == CONN_OPEN && c->awaits_move ? c->moved_at + conn__idle_time(c) : CLOCK_NEVER;
}

/* At the end of a turn: whether we wait for the other end, and if that is new, since now. */
void conn_note_waiting(pp_conn *c)
{
    bool reads = c->read.operation.pending, writes = c->write.operation.pending;
    bool byte = c->options.first_byte_timeout_ms > 0 && reads && !c->heard;
    bool move = c->options.idle_timeout_ms > 0 && (reads || writes);

    if (byte && !c->awaits_byte)
        c->silent_since = clock_ms();
    if (move && !c->awaits_move)
        c->moved_at = clock_ms();
    c->awaits_byte = byte;
    c->awaits_move = move;
}

static uint64_t conn__next_deadline(const pp_conn *c)
{
    if (c->state == CONN_DIALLING)
        return dial_deadline(c);
    if (c->state == CONN_WINDING || c->state == CONN_DRAINING)
        return c->drain_deadline;
    return conn__earlier(c->trim_deadline,
                         conn__earlier(conn__first_byte_deadline(c), conn__idle_deadline(c)));
}

/* A deadline that moves away is not moved in the heap: the timer fires and looks again. So a
 * deadline that every message moves costs a message nothing. */
void conn_set_timer(pp_conn *c)
{
    uint64_t next = conn__next_deadline(c);

    if (next < c->timer.deadline)
        timer_set(&c->timer, next);
}

static void conn__time_out(pp_conn *c, pp_status reason)
{
    port_count(port_of(&c->strand), COUNT_TIMEOUTS, 1);
    conn_end(c, reason);
}

void conn_plan_trim(pp_conn *c)
{
    if (c->trim_deadline != CLOCK_NEVER)
        return;
    c->trim_deadline = clock_ms() + CONN__TRIM_MS;
    c->moves_at_trim = c->moves;
    c->writes_at_trim = c->writes;
}

static void conn__trim(pp_conn *c)
{
    bool idle = c->moves == c->moves_at_trim;

    c->trim_deadline = CLOCK_NEVER;
    if (idle)
        read_trim(c);
    if (c->writes == c->writes_at_trim)
        write_trim(c);
    if (!idle) /* what cannot shrink yet, since it is not empty, is looked at when it moves */
        conn_plan_trim(c);
}

/* The drain deadline is looked at when the turn has done what it can, in conn__end_further. */
void conn_look_at_clock(pp_conn *c)
{
    uint64_t now = clock_ms();

    if (conn__first_byte_deadline(c) <= now)
        conn__time_out(c, PP_E_FIRST_BYTE_TIMEOUT);
    else if (conn__idle_deadline(c) <= now)
        conn__time_out(c, PP_E_IDLE_TIMEOUT);
    else if (c->trim_deadline <= now)
        conn__trim(c);
}
