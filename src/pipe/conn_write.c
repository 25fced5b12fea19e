#include "pipe/conn_write.h"

#include "base/error.h"
#include "pipe/conn_lane.h"
#include "pipe/conn_time.h"

#define CONN__MOST_WRITES 64 /* in one turn, before other strands have theirs */

bool conn_is_written(pp_conn *c)
{
    return transport_writing(&c->transport) == 0 && outbox_bytes(&c->outbox) == 0;
}

void conn_tell_no_more(pp_conn *c)
{
    if (c->told_no_more)
        return;
    c->told_no_more = true;
    transport_end_sending(&c->transport);
}

/* Adds to the port's counters. */
static void conn__count_written(pp_conn *c, records_tally tally)
{
    if (tally.messages > 0)
        port_count(conn_port(c), COUNT_MESSAGES_OUT, (int64_t)tally.messages);
    if (tally.payload > 0)
        port_count(conn_port(c), COUNT_BYTES_OUT, (int64_t)tally.payload);
}

/* ---- What a write brought ------------------------------------------------------------------- */

/* When the client has left, what it sent before is still readable. The read side delivers that,
 * however slow the handler is, and then finds the end. */
static void conn__write_failed(pp_conn *c, DWORD error)
{
    if (error_from_windows(error) != PP_E_PEER_CLOSED || !conn_may_deliver(c) ||
        c->reads_are_over) {
        conn_close_for_error(c, error, "write");
        return;
    }
    c->writes_are_lost = true;
    conn__count_written(c, outbox_abandon(&c->outbox));
    strand_raise(&c->strand, CONN_AGAIN);
}

/* False: the write failed. */
static bool conn__write_ended(pp_conn *c, const transport_result *r)
{
    bool lane_frame = conn_lane_frame_runs(c);

    if (lane_frame)
        conn_lane_frame_done(c, r->error == ERROR_SUCCESS ? r->bytes : 0);
    if (r->error != ERROR_SUCCESS) {
        conn__write_failed(c, r->error);
        return false;
    }
    if (lane_frame)
        return true;
    conn_moved(c);
    c->clock.writes++;
    conn__count_written(c, outbox_done(&c->outbox, r->bytes));
    return true;
}

void conn_take_written(pp_conn *c, bool packet)
{
    transport_result r;

    if (transport_take_write(&c->transport, packet, &r))
        conn__write_ended(c, &r);
}

/* ---- Writing -------------------------------------------------------------------------------- */

/* Defers a small write until the other turns of this round have run. What they send to this
 * connection then leaves with it, and clients do not wake up one by one between our own calls. A
 * large write leaves at once, while it is in the processor's cache. True: deferred. */
static bool conn__defers_write(pp_conn *c)
{
    size_t queued =
        c->deferred || transport_writing(&c->transport) > 0 ? 0 : outbox_bytes(&c->outbox);

    c->deferred = queued > 0 && queued < TRANSPORT_WRITE_MUCH && c->state == CONN_OPEN &&
                  strand_has_others(&c->strand);
    if (c->deferred)
        strand_raise(&c->strand, CONN_AGAIN);
    return c->deferred;
}

/* Starts one write. True: it completed at once, and the next may start. */
static bool conn__write_once(pp_conn *c, const piece *p)
{
    transport_result r;

    return transport_write(&c->transport, p->data, p->size, &r) && conn__write_ended(c, &r);
}

static bool conn__may_write(const pp_conn *c)
{
    return transport_is_open(&c->transport) && conn_is_live(c) &&
           transport_writing(&c->transport) == 0 && !transport_owes_bells(&c->transport);
}

void conn_write_on(pp_conn *c)
{
    piece p;

    if (conn__defers_write(c))
        return;
    for (int writes = 0; conn__may_write(c); writes++) {
        if (!conn_lane_frame(c, &p) && !outbox_next(&c->outbox, &p)) {
            if (transport_is_socket(&c->transport) && outbox_has_ended(&c->outbox))
                conn_tell_no_more(c);
            return;
        }
        if (writes == CONN__MOST_WRITES) {
            strand_raise(&c->strand, CONN_AGAIN); /* other strands' turns */
            return;
        }
        if (!conn__write_once(c, &p))
            return;
    }
}

/* Counts the sends refused since it was called last. True: a refused sender may be told now. */
static bool conn__note_refusals(pp_conn *c, bool may_be_told)
{
    uint64_t refusals;
    bool again = outbox_has_room_again(&c->outbox, may_be_told, &refusals);

    if (refusals > 0)
        port_count(conn_port(c), COUNT_REFUSED_SENDS, (int64_t)refusals);
    return again;
}

/* Before on_open no other callback comes. */
void conn_tell_writable(pp_conn *c)
{
    if (conn__note_refusals(c, c->opened && conn_is_live(c))) {
        strand_raise(&c->strand, CONN_AGAIN); /* for what the callback sends or resumes */
        conn_callback_begins(c);
        if (c->settings.handlers.on_writable)
            c->settings.handlers.on_writable(c, c->user);
        conn_callback_ended(c, "on_writable");
    }
    outbox_pass(&c->outbox);
}

void conn_free_outbox(pp_conn *c)
{
    conn__count_written(c, outbox_free(&c->outbox));
    conn__note_refusals(c, false); /* of other threads, during the last turn */
}
