#include "client.h"

#include "moment.h"
#include "load.h"

#include <string.h>

/* ---- Sending, with the lock held ------------------------------------------------------------ */

/* Open loop: when a message should leave. The clients take turns. */
static uint64_t client__moment(const client *c, uint64_t number)
{
    return load_moment(c->load, number * c->load->client_count + c->index);
}

static bool client__may_send(const client *c)
{
    const load *l = c->load;

    if (c->closing || c->over || l->phase >= LOAD_ENDING)
        return false;
    if (l->options->rate > 0)
        return c->sent < c->due;
    return l->options->one_way || c->sent - c->received < l->depth;
}

/* The next message has been accepted. */
static void client__note_sent(client *c, uint64_t now)
{
    load *l = c->load;

    if (l->options->rate <= 0) {
        if (!l->options->one_way)
            c->times[c->sent % l->depth] = now;
    } else if (l->phase == LOAD_MEASURING) {
        uint64_t moment = client__moment(c, c->sent);

        histogram_record(&tally_here(&l->tallies)->lateness, now > moment ? now - moment : 0);
    }
    if (l->options->one_way && l->phase == LOAD_MEASURING)
        tally_here(&l->tallies)->messages++;
    c->sent++;
}

/* Sends what may be sent, `most` messages at once. What is refused goes when it is writable. True:
 * there may be more. */
static bool client__fill(client *c, uint64_t now, uint64_t most)
{
    load *l = c->load;

    for (; most > 0 && client__may_send(c); most--) {
        pp_status status =
            pp_conn_send(c->conn, payload_message(&l->payload, c->index, c->sent), l->payload.size);

        if (status == PP_E_AGAIN || status == PP_E_CLOSING)
            return false; /* on_writable or on_close will come */
        if (status != PP_OK) {
            load_note_error(l, c, status);
            c->closing = true;
            pp_conn_abort(c->conn);
            return false;
        }
        client__note_sent(c, l->options->rate > 0 ? moment_now() : now);
    }
    return most == 0;
}

static void client__go_on(void *user, pp_status status);

/* A thread that is not the connection's turn could fill for ever while the turn empties the queue:
 * it stops after `depth` messages and comes again. */
static void client__fill_from_outside(client *c)
{
    bool more;

    AcquireSRWLockExclusive(&c->lock);
    more = client__fill(c, moment_now(), c->load->depth);
    ReleaseSRWLockExclusive(&c->lock);
    if (more && c->load->options->one_way)
        pp_port_post(c->load->port, client__go_on, c);
}

static void client__go_on(void *user, pp_status status)
{
    if (status == PP_OK)
        client__fill_from_outside(user);
}

void client_start(client *c)
{
    client__fill_from_outside(c);
}

void client_add_due(client *c)
{
    AcquireSRWLockExclusive(&c->lock);
    c->due++;
    client__fill(c, 0, UINT64_MAX);
    ReleaseSRWLockExclusive(&c->lock);
}

/* ---- Replies, with the lock held ------------------------------------------------------------ */

/* The reply to the oldest outstanding message is complete. */
static void client__note_reply(client *c, bool good, uint64_t now)
{
    load *l = c->load;
    tally *t = tally_here(&l->tallies);

    if (l->phase == LOAD_MEASURING) {
        uint64_t began = l->options->rate > 0 ? client__moment(c, c->received)
                                              : c->times[c->received % l->depth];

        histogram_record(&t->latency, now > began ? now - began : 0);
        t->messages++;
    }
    t->replies++;
    t->verify_failures += !good;
    c->received++;
}

static pp_status client__take_message(client *c, const void *data, size_t length, uint64_t now)
{
    const payload *p = &c->load->payload;
    bool good =
        !c->load->options->verify ||
        (length == p->size && memcmp(data, payload_message(p, c->index, c->received), length) == 0);

    if (c->received == c->sent)
        return PP_E_PROTOCOL; /* nobody asked */
    client__note_reply(c, good, now);
    return PP_OK;
}

/* A stream has no boundaries: the place of a byte says to which reply it belongs. */
static pp_status client__take_bytes(client *c, const char *data, size_t length, uint64_t now)
{
    const payload *p = &c->load->payload;

    while (length > 0) {
        size_t part = p->size - c->offset < length ? p->size - c->offset : length;

        if (c->received == c->sent)
            return PP_E_PROTOCOL; /* nobody asked */
        if (c->load->options->verify &&
            memcmp(data, payload_message(p, c->index, c->received) + c->offset, part) != 0)
            c->bad = true;
        data += part;
        length -= part;
        c->offset += part;
        if (c->offset == p->size) {
            client__note_reply(c, !c->bad, now);
            c->offset = 0;
            c->bad = false;
        }
    }
    return PP_OK;
}

/* ---- Ending --------------------------------------------------------------------------------- */

/* With the lock held. */
static void client__close_if_done(client *c)
{
    if (c->load->phase < LOAD_ENDING || c->closing || c->over ||
        (!c->load->options->one_way && c->sent != c->received))
        return;
    c->closing = true;
    pp_conn_close(c->conn);
}

void client_finish(client *c)
{
    AcquireSRWLockExclusive(&c->lock);
    client__close_if_done(c);
    ReleaseSRWLockExclusive(&c->lock);
}

bool client_waits(client *c)
{
    bool waits;

    AcquireSRWLockExclusive(&c->lock);
    waits = !c->over && !c->load->options->one_way && c->sent != c->received;
    ReleaseSRWLockExclusive(&c->lock);
    return waits;
}

/* ---- Callbacks ------------------------------------------------------------------------------ */

static void client__on_open(pp_conn *conn, void *user)
{
    client *c = user;

    (void)conn;
    c->opened = true;
    load_note_open(c->load);
}

static pp_status client__on_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    client *c = user;
    const load *l = c->load;
    uint64_t now = moment_now();
    pp_status status = PP_OK;

    (void)conn;
    if (l->options->one_way)
        return PP_OK; /* a service that answers all the same */
    AcquireSRWLockExclusive(&c->lock);
    if (l->options->mode == PP_MODE_STREAM)
        status = client__take_bytes(c, data, length, now);
    else
        status = client__take_message(c, data, length, now);
    if (status == PP_OK) {
        client__fill(c, now, UINT64_MAX);
        client__close_if_done(c);
    }
    ReleaseSRWLockExclusive(&c->lock);
    return status;
}

static void client__on_writable(pp_conn *conn, void *user)
{
    client *c = user;

    (void)conn;
    AcquireSRWLockExclusive(&c->lock);
    client__fill(c, moment_now(), UINT64_MAX);
    ReleaseSRWLockExclusive(&c->lock);
}

/* Only this program aborts: for an error that it has noted, or when everything is over. */
static bool client__is_error(pp_status reason, bool expected)
{
    if (reason == PP_E_ABORTED)
        return false;
    return !expected || (reason != PP_OK && reason != PP_E_PEER_CLOSED);
}

static void client__on_close(pp_conn *conn, void *user, pp_status reason)
{
    client *c = user;
    bool expected;

    (void)conn;
    AcquireSRWLockExclusive(&c->lock);
    c->over = true;
    expected = c->closing;
    ReleaseSRWLockExclusive(&c->lock);
    if (!c->opened)
        load_note_refusal(c->load, c, reason);
    else if (client__is_error(reason, expected))
        load_note_error(c->load, c, reason);
    load_note_over(c->load);
}

const pp_handlers client_handlers = {
    .on_open = client__on_open,
    .on_message = client__on_message,
    .on_writable = client__on_writable,
    .on_close = client__on_close,
};
