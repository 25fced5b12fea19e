#include "client.h"

#include "moment.h"

#include <string.h>

/* ---- Sending, with the lock held ------------------------------------------------------------ */

/* Open loop: when a message should leave. The clients take turns. */
static uint64_t client__moment(const client *c, uint64_t number)
{
    return course_moment(c->course, number * c->course->options->clients + c->index);
}

static bool client__may_send(const client *c)
{
    const course *run = c->course;

    if (c->closing || c->over || run->phase >= COURSE_ENDING)
        return false;
    if (run->options->rate > 0)
        return c->sent < c->due;
    return run->options->one_way || c->sent - c->received < run->options->depth;
}

/* The next message has been accepted. */
static void client__note_sent(client *c, uint64_t now)
{
    course *run = c->course;

    if (run->options->rate <= 0) {
        if (!run->options->one_way)
            c->times[c->sent % run->options->depth] = now;
    } else if (run->phase == COURSE_MEASURING) {
        uint64_t moment = client__moment(c, c->sent);

        histogram_record(&tally_here(&run->tallies)->lateness, now > moment ? now - moment : 0);
    }
    if (run->options->one_way && run->phase == COURSE_MEASURING)
        tally_here(&run->tallies)->messages++;
    c->sent++;
}

static void client__note_error(const client *c, pp_status reason)
{
    trouble_note(&c->course->result->trouble, "client %u: %s", c->index, pp_status_text(reason));
}

/* Sends what may be sent, `most` messages at once. What is refused goes when it is writable. True:
 * there may be more. */
static bool client__fill(client *c, uint64_t now, uint64_t most)
{
    course *run = c->course;

    for (; most > 0 && client__may_send(c); most--) {
        pp_status status = pp_conn_send(c->conn, payload_message(&run->payload, c->index, c->sent),
                                        run->payload.size);

        if (status == PP_E_AGAIN || status == PP_E_CLOSING)
            return false; /* on_writable or on_close will come */
        if (status != PP_OK) {
            client__note_error(c, status);
            c->closing = true;
            pp_conn_abort(c->conn);
            return false;
        }
        client__note_sent(c, run->options->rate > 0 ? moment_now() : now);
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
    more = client__fill(c, moment_now(), c->course->options->depth);
    ReleaseSRWLockExclusive(&c->lock);
    if (more && c->course->options->one_way)
        pp_port_post(c->course->port, client__go_on, c);
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
    course *run = c->course;
    tally *t = tally_here(&run->tallies);

    if (run->phase == COURSE_MEASURING) {
        uint64_t began = run->options->rate > 0 ? client__moment(c, c->received)
                                                : c->times[c->received % run->options->depth];

        histogram_record(&t->latency, now > began ? now - began : 0);
        t->messages++;
    }
    t->replies++;
    t->verify_failures += !good;
    c->received++;
}

static pp_status client__take_message(client *c, const void *data, size_t length, uint64_t now)
{
    const payload *p = &c->course->payload;
    bool good =
        !c->course->options->verify ||
        (length == p->size && memcmp(data, payload_message(p, c->index, c->received), length) == 0);

    if (c->received == c->sent)
        return PP_E_PROTOCOL; /* nobody asked */
    client__note_reply(c, good, now);
    return PP_OK;
}

/* A stream has no boundaries: the place of a byte says to which reply it belongs. */
static pp_status client__take_bytes(client *c, const char *data, size_t length, uint64_t now)
{
    const payload *p = &c->course->payload;

    while (length > 0) {
        size_t part = p->size - c->offset < length ? p->size - c->offset : length;

        if (c->received == c->sent)
            return PP_E_PROTOCOL; /* nobody asked */
        if (c->course->options->verify &&
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
    if (c->course->phase < COURSE_ENDING || c->closing || c->over ||
        (!c->course->options->one_way && c->sent != c->received))
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
    waits = !c->over && !c->course->options->one_way && c->sent != c->received;
    ReleaseSRWLockExclusive(&c->lock);
    return waits;
}

/* ---- Callbacks ------------------------------------------------------------------------------ */

static void client__on_open(pp_conn *conn, void *user)
{
    client *c = user;

    (void)conn;
    c->opened = true;
    c->watcher->opened(c->watcher->user);
}

static pp_status client__on_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    client *c = user;
    const course *run = c->course;
    uint64_t now = moment_now();
    pp_status status = PP_OK;

    (void)conn;
    if (run->options->one_way)
        return PP_OK; /* a service that answers all the same */
    AcquireSRWLockExclusive(&c->lock);
    if (run->options->mode == PP_MODE_STREAM)
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
        c->watcher->refused(c->watcher->user, c->index, reason);
    else if (client__is_error(reason, expected))
        client__note_error(c, reason);
    course_note_over(c->course);
}

const pp_handlers client_handlers = {
    .on_open = client__on_open,
    .on_message = client__on_message,
    .on_writable = client__on_writable,
    .on_close = client__on_close,
};
