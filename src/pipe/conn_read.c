#include "pipe/conn_read.h"

#include "base/error.h"
#include "iocp/callback.h"
#include "pipe/conn_admit.h"
#include "pipe/conn_lane.h"
#include "pipe/conn_time.h"

#define CONN__MOST_READS 16 /* in one turn, before other strands have theirs */

/* ---- Delivering ----------------------------------------------------------------------------- */

bool conn_has_message(const pp_conn *c)
{
    decoder d = conn_decoder(c);

    return intake_look(&c->intake, &d).kind != DECODED_PART;
}

/* Calls on_message. When the other end has left, an answer fails with PP_E_CLOSING. That must not
 * cost us what the other end sent before: the message counts as taken. */
static pp_status conn__ask_handler(pp_conn *c, const char *data, size_t length)
{
    pp_status status = PP_OK;

    strand_set_answering(&c->strand, true);
    if (c->settings.handlers.on_message)
        status = c->settings.handlers.on_message(c, c->user, data, length);
    strand_set_answering(&c->strand, false);
    if (callback_ends(c->strand.here))
        conn_callback_ended(c, "on_message");
    return status == PP_E_CLOSING && c->writes_are_lost ? PP_OK : status;
}

/* What was delivered in a row. */
typedef struct delivery {
    int64_t messages, bytes;
} delivery;

/* False: the handler did not take it. */
static bool conn__deliver_message(pp_conn *c, const decoded *message, delivery *all)
{
    LONG ticket = gate_ticket(&c->gate);
    pp_status status = conn__ask_handler(c, intake_payload(&c->intake, message), message->length);

    if (status == PP_OK) {
        all->messages++;
        all->bytes += (int64_t)message->length;
        intake_drop(&c->intake, message);
        return true;
    }
    if (status != PP_E_AGAIN)
        conn_close_for(c, status);
    else if (!gate_shut_unless_reopened(&c->gate, ticket))
        strand_raise(&c->strand, CONN_AGAIN); /* a resume came meanwhile: deliver it again */
    return false;
}

static void conn__deliver_end(pp_conn *c, const decoded *end)
{
    intake_drop(&c->intake, end);
    if (c->settings.handlers.on_end)
        c->settings.handlers.on_end(c, c->user);
    else
        conn_drain(c);
    conn_callback_ended(c, "on_end");
    conn_drain_if_both_ended(c);
}

/* A frame about the lane. What follows a JOIN is not for us to read. */
static void conn__take_lane_frame(pp_conn *c, const decoded *frame)
{
    const char *payload = intake_payload(&c->intake, frame);

    intake_drop(&c->intake, frame);
    if (conn_hear_of_lane(c, payload, payload + frame->length, intake_bytes(&c->intake)))
        intake_forget(&c->intake);
}

/* False: the handler did not take it, or the connection ends. */
static bool conn__deliver(pp_conn *c, const decoded *next, delivery *all)
{
    switch (next->kind) {
    case DECODED_MESSAGE:
        return conn__deliver_message(c, next, all);
    case DECODED_END:
        conn__deliver_end(c, next);
        return true;
    case DECODED_LANE:
        if (conn_lane_frame_runs(c))
            return false; /* the answer overtook the packet of our own frame */
        conn__take_lane_frame(c, next);
        return conn_is_live(c);
    case DECODED_BELL:
        intake_drop(&c->intake, next);
        return true;
    case DECODED_PART:
    case DECODED_WRONG:
        break;
    }
    conn_close_for(c, next->why);
    return false;
}

static bool conn__is_paused_or_ends(const pp_conn *c)
{
    return gate_is_shut(&c->gate) || !conn_may_deliver(c);
}

/* Whether the client may stay, too. on_identity may pause or close the connection, so this looks
 * again after it. */
static bool conn__may_deliver_now(pp_conn *c)
{
    return !conn__is_paused_or_ends(c) &&
           (c->admitted || (conn_admit(c) && !conn__is_paused_or_ends(c)));
}

static bool conn__deliver_in_a_row(pp_conn *c, size_t *needed, delivery *all)
{
    decoder d = conn_decoder(c);
    decoded next = intake_look(&c->intake, &d);

    if (next.kind != DECODED_PART)
        conn_callback_begins(c);
    for (; next.kind != DECODED_PART; next = intake_look(&c->intake, &d)) {
        if (!conn__may_deliver_now(c))
            return false;
        if (strand_turn_is_long(&c->strand)) {
            strand_raise(&c->strand, CONN_AGAIN); /* other strands' turns */
            return false;
        }
        if (!conn__deliver(c, &next, all))
            return false;
    }
    *needed = next.size;
    return true;
}

/* Delivers what was read. False: something must wait. True: only a part of a message is left, which
 * needs `needed` bytes in all. */
static bool conn__deliver_all(pp_conn *c, size_t *needed)
{
    delivery all = {0, 0};
    bool whole = conn__deliver_in_a_row(c, needed, &all);

    if (callback_is_unread(c->strand.here))
        conn_callback_ended(c, "on_message");
    if (all.messages > 0) {
        port_count(conn_port(c), COUNT_MESSAGES_IN, all.messages);
        port_count(conn_port(c), COUNT_BYTES_IN, all.bytes);
    }
    return whole;
}

/* ---- What a read brought -------------------------------------------------------------------- */

/* From here on only a write can find that the other end has left; perhaps one has done so. This
 * concerns handles that can only write, and sockets whose other end has ended its sending. */
static void conn__end_reads(pp_conn *c)
{
    c->reads_are_over = true;
    if (c->writes_are_lost)
        conn_close_for(c, PP_E_PEER_CLOSED);
}

/* Whether the unread bytes are an incomplete message. */
static bool conn__is_inside_message(const pp_conn *c)
{
    decoder d = conn_decoder(c);

    return !intake_is_empty(&c->intake) && intake_look(&c->intake, &d).kind == DECODED_PART;
}

/* The other end has left. While we drain, the writes that are left find out whether their bytes
 * arrived before that. */
static void conn__peer_left(pp_conn *c, DWORD error)
{
    c->peer_left = true;
    if (conn__is_inside_message(c))
        conn_close_for(c, PP_E_TRUNCATED);
    else if (c->state != CONN_DRAINING)
        conn_close_for_error(c, error, "read");
    else if (outbox_bytes(&c->outbox) == 0)
        conn_close_done(c);
    else
        c->reads_are_over = true;
}

static void conn__read_failed(pp_conn *c, DWORD error)
{
    if (error == ERROR_INVALID_DATA && c->state == CONN_DRAINING &&
        transport_assume_left(&c->transport))
        return;
    if (error == ERROR_ACCESS_DENIED && c->settings.direction == PP_DIRECTION_OUTBOUND)
        conn__end_reads(c);
    else if (error == ERROR_OPERATION_ABORTED) /* our own cancel: to read into less, or no more */
        intake_shrink(&c->intake);
    else if (error_from_windows(error) == PP_E_PEER_CLOSED)
        conn__peer_left(c, error);
    else
        conn_close_for_error(c, error, "read");
}

/* A socket's other end ended its sending, or left: nobody can tell which. In framed mode an end
 * that goes on receiving declares its end of sending in a frame before. */
static void conn__socket_ended(pp_conn *c)
{
    if (c->settings.mode == PP_MODE_FRAMED && !intake_has_ended(&c->intake) &&
        c->state == CONN_OPEN) {
        conn__read_failed(c, ERROR_HANDLE_EOF);
        return;
    }
    if (c->settings.mode == PP_MODE_STREAM && c->state == CONN_OPEN && !c->closing &&
        c->settings.direction != PP_DIRECTION_OUTBOUND)
        intake_note_end(&c->intake);
    conn__end_reads(c);
}

static void conn__bytes_came(pp_conn *c, const transport_result *r, size_t room)
{
    bool message = c->settings.mode == PP_MODE_MESSAGE;

    c->heard = true;
    conn_moved(c);
    if (c->closing || c->state == CONN_DRAINING) { /* too late to deliver it, or to refuse it */
        intake_forget(&c->intake);
        return;
    }
    intake_add(&c->intake, r->bytes, room, message && r->whole);
    if (c->settings.direction == PP_DIRECTION_OUTBOUND && intake_has_anything(&c->intake))
        conn_close_for(c, PP_E_DIRECTION);
    else
        intake_adapt(&c->intake, r->bytes, room, TRANSPORT_READ_MOST);
}

static void conn__read_ended(pp_conn *c, const transport_result *r)
{
    size_t room;

    intake_room(&c->intake, &room);
    if (r->error != ERROR_SUCCESS)
        conn__read_failed(c, r->error);
    else if (r->ended)
        conn__socket_ended(c);
    else
        conn__bytes_came(c, r, room);
}

void conn_take_read(pp_conn *c, bool packet)
{
    transport_result r;

    if (transport_take_read(&c->transport, packet, &r))
        conn__read_ended(c, &r);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static bool conn__may_read(const pp_conn *c)
{
    return c->state == CONN_OPEN && !c->closing && !gate_is_shut(&c->gate) && !c->reads_are_over &&
           !transport_is_reading(&c->transport) && transport_is_open(&c->transport);
}

/* False: the intake waits for the port's limit, or the connection ends. */
static bool conn__make_room(pp_conn *c, size_t needed)
{
    decoder d = conn_decoder(c);
    pp_status status = intake_make_room(&c->intake, &d, needed);

    if (status == PP_E_MEMORY)
        conn_close_for(c, status);
    return status == PP_OK;
}

/* Starts a read. True: it completed at once. */
static bool conn__read_once(pp_conn *c)
{
    transport_result r;
    size_t room;
    char *at = intake_room(&c->intake, &room);

    if (!transport_read(&c->transport, at, room, &r))
        return false;
    conn__read_ended(c, &r);
    return true;
}

/* An empty intake without a pending read keeps only spare room. */
static void conn__settle(pp_conn *c)
{
    if (!transport_is_reading(&c->transport))
        intake_settle(&c->intake);
}

static void conn__deliver_and_read(pp_conn *c)
{
    for (int reads = 0;; reads++) {
        size_t needed = 0;

        if (!conn__deliver_all(c, &needed) || !conn__may_read(c))
            return;
        conn__settle(c);
        if (budget_is_short(&conn_port(c)->budget))
            intake_shrink(&c->intake);
        if (!conn__make_room(c, needed))
            return;
        if (reads == CONN__MOST_READS) {
            strand_raise(&c->strand, CONN_AGAIN); /* other strands' turns */
            return;
        }
        if (!conn__read_once(c))
            return;
    }
}

void conn_read_on(pp_conn *c)
{
    conn__deliver_and_read(c);
    conn__settle(c);
    intake_pass(&c->intake);
}

/* Whether to read on while we drain. The other end may write before it reads: it must get on to
 * reading what we still send. A socket is read to its end. */
static bool conn__reads_off(const pp_conn *c)
{
    return c->state == CONN_DRAINING && !transport_is_reading(&c->transport) && !c->reads_are_over;
}

void conn_read_off(pp_conn *c)
{
    if (c->state != CONN_DRAINING)
        return;
    for (int reads = 0;
         conn__reads_off(c) && (transport_is_socket(&c->transport) || outbox_bytes(&c->outbox) > 0);
         reads++) {
        intake_forget(&c->intake);
        if (reads == CONN__MOST_READS) {
            strand_raise(&c->strand, CONN_AGAIN); /* other strands' turns */
            break;
        }
        if (!conn__make_room(c, 1) || !conn__read_once(c))
            break;
    }
    conn__settle(c);
}
