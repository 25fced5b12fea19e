#include "pipe/conn_time.h"

#include "pipe/conn_lane.h"

#define CONN__TRIM_MS 5000 /* idle time after which the buffers of a connection shrink */

static uint64_t conn__earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The wait is over. The turn begins another at its end: what handlers take is not the other end's.
 */
void conn_moved(pp_conn *c)
{
    if (c->clock.moves++ == 0)
        c->clock.seen_ms = (uint32_t)clock_ms();
    c->clock.awaits_move = false;
}

/* ---- Deadlines ------------------------------------------------------------------------------ */

/* Windows does not report how far a write has got, so a long write gets the time several times. */
static uint64_t conn__idle_time(const pp_conn *c)
{
    return c->settings.idle_timeout_ms *
           (1 + transport_writing(&c->transport) / TRANSPORT_WRITE_STEP);
}

/* When the time-out of the first byte ends; never, while we do not wait for the other end. */
static uint64_t conn__first_byte_deadline(const pp_conn *c)
{
    return c->state == CONN_OPEN && c->clock.awaits_byte
               ? c->clock.silent_since + c->settings.first_byte_timeout_ms
               : CLOCK_NEVER;
}

static uint64_t conn__idle_deadline(const pp_conn *c)
{
    return c->state == CONN_OPEN && c->clock.awaits_move ? c->clock.still_since + conn__idle_time(c)
                                                         : CLOCK_NEVER;
}

static uint64_t conn__next_deadline(const pp_conn *c)
{
    if (c->state == CONN_DIALLING)
        return dialler_deadline(c->dialler);
    if (c->state == CONN_WINDING || c->state == CONN_DRAINING)
        return c->clock.drain_deadline;
    return conn__earlier(c->clock.trim_deadline,
                         conn__earlier(conn__first_byte_deadline(c), conn__idle_deadline(c)));
}

/* Notes whether we wait for the other end, and if we have just begun to, since when. */
static void conn__note_waiting(pp_conn *c)
{
    conn_clock *k = &c->clock;
    bool reads = transport_is_reading(&c->transport);
    bool byte = c->settings.first_byte_timeout_ms > 0 && reads && !c->heard;
    bool move = c->settings.idle_timeout_ms > 0 && (reads || transport_writing(&c->transport) > 0);

    if (byte && !k->awaits_byte)
        k->silent_since = clock_ms();
    if (move && !k->awaits_move)
        k->still_since = clock_ms();
    k->awaits_byte = byte;
    k->awaits_move = move;
}

/* ---- Giving back memory --------------------------------------------------------------------- */

/* A buffer in use cannot shrink. It gets another chance when something has moved. */
static void conn__plan_trim(pp_conn *c)
{
    conn_clock *k = &c->clock;

    if (k->trim_deadline != CLOCK_NEVER || k->moves == k->moves_at_trim ||
        !(intake_is_grown(&c->intake) || outbox_is_grown(&c->outbox) || c->transport.lane))
        return;
    k->trim_deadline = clock_ms() + CONN__TRIM_MS;
    k->moves_at_trim = k->moves;
    k->writes_at_trim = k->writes;
}

static void conn__trim(pp_conn *c)
{
    conn_clock *k = &c->clock;

    k->trim_deadline = CLOCK_NEVER;
    if (k->writes == k->writes_at_trim)
        outbox_shrink(&c->outbox);
    if (k->moves != k->moves_at_trim)
        return;
    conn_leave_lane(c);
    if (!intake_is_grown(&c->intake))
        return;
    if (transport_is_reading(&c->transport))
        transport_cancel_read(&c->transport); /* the next read has a smaller buffer */
    else
        intake_shrink(&c->intake);
}

/* ---- The turn ------------------------------------------------------------------------------- */

void conn_time_out(pp_conn *c, pp_status reason)
{
    port_count(conn_port(c), COUNT_TIMEOUTS, 1);
    conn_close_for(c, reason);
}

/* conn_turn.c looks at the drain deadline, once the turn has done what it can. */
void conn_look_at_clock(pp_conn *c)
{
    uint64_t now = clock_ms();

    if (conn__first_byte_deadline(c) <= now)
        conn_time_out(c, PP_E_FIRST_BYTE_TIMEOUT);
    else if (conn__idle_deadline(c) <= now)
        conn_time_out(c, PP_E_IDLE_TIMEOUT);
    else if (c->clock.trim_deadline <= now)
        conn__trim(c);
}

void conn_set_timer(pp_conn *c)
{
    uint32_t look = transport_looks_after(&c->transport);

    conn__note_waiting(c);
    conn__plan_trim(c);
    timer_set_earlier(&c->timer, conn__next_deadline(c));
    if (look > 0)
        timer_set_earlier(&c->timer, clock_ms() + look);
}
