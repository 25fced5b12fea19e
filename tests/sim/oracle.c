/*
 * What must hold for a connection whatever happens: the contract of pipeport.h, sentence by
 * sentence. oracle_port.c has the port's.
 */
#include "world.h"

#include <string.h>

#define ORACLE__MOST_BUFFERED_MS 150
#define ORACLE__MS 1000000ull

static const char *oracle__name(const watched *w)
{
    return w->server ? "a connection of the server" : "a client's connection";
}

uint64_t oracle_ms_since(uint64_t then)
{
    return (sim_now_ns() - then) / ORACLE__MS;
}

uint64_t oracle_patience(const world *w)
{
    return ORACLE_LATE_MS + w->slept_ms + (w->stalled ? 4 * WORLD_STALL_MS : 0) +
           (w->sleeps ? 20000 : 0);
}

/* ---- "Callbacks of one connection never overlap. on_open first, on_close once and last." ------
 */

void oracle_begins(watched *w, const char *which)
{
    if (w->inside)
        sim_fail("%s of %s overlaps another callback", which, oracle__name(w));
    if (w->closed)
        sim_fail("%s of %s comes after on_close", which, oracle__name(w));
    if (!w->opened && strcmp(which, "on_open") != 0 && strcmp(which, "on_close") != 0)
        sim_fail("%s of %s comes before on_open", which, oracle__name(w));
    w->inside = true;
    w->world->callbacks++;
    sim_trace("%s of flow %u", which, w->out->id);
    sim_point();
}

void oracle_ends(watched *w)
{
    sim_point();
    w->inside = false;
}

static void oracle__note_most(world *w, const pp_stats *s)
{
    if (s->connections_now > w->most_seen)
        w->most_seen = s->connections_now;
}

void oracle_open(watched *w)
{
    place *p = w->place;
    pp_stats s;

    oracle_begins(w, "on_open");
    if (w->opened)
        sim_fail("on_open comes twice");
    w->opened = true;
    w->opened_at = w->moved_at = sim_now_ns();
    w->world->opened++;
    pp_port_stats(w->world->port, &s);
    oracle__note_most(w->world, &s);
    if (!w->server)
        return;
    /* One that has left makes room before a worker calls its on_close. */
    if (++p->serving > p->options.max_clients + s.workers - 1)
        sim_fail("%u clients are in, and max_clients is %u", p->serving,
                 (unsigned)p->options.max_clients);
    oracle_peer_opens(w);
    if (p->closed)
        sim_fail("a client gets in after the listener's on_close");
}

/* ---- "on_message: a message ... in order; PP_E_AGAIN: the same data comes again after
 * pp_conn_resume." "on_identity: once, after the first read and before the first message." ------
 */

void oracle_message(watched *w, const void *data, size_t length)
{
    oracle_begins(w, "on_message");
    if (w->held && w->resuming == 0)
        sim_fail("a message comes although nobody has resumed");
    if (w->options.handlers.on_identity && w->server && !w->place->adopted && !w->identified)
        sim_fail("a message comes before on_identity");
    if (w->failed || w->shut)
        sim_fail("a message comes after the client was refused, or the connection closed");
    if (w->got_end)
        sim_fail("a message comes after the end of sending");
    if (w->options.mode != PP_MODE_STREAM && length > w->options.max_message)
        sim_fail("a message has %zu bytes, and max_message is %llu", length,
                 (unsigned long long)w->options.max_message);
    if (w->options.direction == PP_DIRECTION_OUTBOUND)
        sim_fail("a message comes against the direction");
    if (length == 0 && w->options.half_close && w->options.mode == PP_MODE_MESSAGE)
        sim_fail("the end of sending comes as a message");
    w->heard = true;
    if (w->resumes == 0 && !w->world->sleeps) /* it may have come when the last one did */
        w->moved_at = sim_now_ns();
    flow_check(&w->in, data, length);
    oracle_peer_speaks(w);
    oracle_user_limit(w);
}

void oracle_identity(watched *w, const pp_peer *peer)
{
    oracle_begins(w, "on_identity");
    if (w->identified || w->place->adopted)
        sim_fail("on_identity comes twice, or for an adopted connection");
    w->identified = true;
    if (!w->world->faulty && !peer->user[0] && !w->world->crowd)
        sim_fail("the client is unknown");
}

/* "The other end declared the end of its sending": after all of it. */
void oracle_end(watched *w)
{
    const flow *f = w->in.from;

    oracle_begins(w, "on_end");
    if (w->got_end)
        sim_fail("on_end comes twice");
    w->got_end = true;
    if (w->options.mode == PP_MODE_FRAMED && !w->in.wild && (f ? !f->ended : w->server))
        sim_fail("on_end comes, and nobody has ended");
    if (!f ? !w->world->hostile && w->place->adopted != ADOPTED_SOCKET && w->in.have > 0
           : !f->wild && (!f->ended || f->arrived < f->accepted))
        sim_fail("on_end comes before all that was sent");
}

/* ---- "on_writable: sending works again after a refused send: the queue has drained to low_mark."
 * "The connection accepts sends while fewer bytes than high_mark are queued." ---------------------
 */

void oracle_writable(watched *w)
{
    const pp_conn_options *o = &w->options;
    uint64_t low = o->low_mark > 0 ? o->low_mark : o->high_mark / 4;

    oracle_begins(w, "on_writable");
    if (w->foreign)
        return;
    if (!w->asking && w->sending == 0)
        sim_fail("on_writable comes, and no send was refused");
    w->asking = false;
    if (pp_conn_queued(w->conn) > low)
        sim_fail("on_writable comes with %zu bytes queued, and low_mark is %llu",
                 pp_conn_queued(w->conn), (unsigned long long)low);
}

void oracle_sent(watched *w, pp_status status)
{
    size_t queued = pp_conn_queued(w->conn);

    if (status == PP_E_AGAIN) {
        w->asking = true;
        w->world->refused++;
    }
    /* Its header, and the end of sending, which another thread may have declared meanwhile. */
    if (queued >= w->options.high_mark + w->options.max_message + 4 + 4)
        sim_fail("%zu bytes are queued, and high_mark is %llu", queued,
                 (unsigned long long)w->options.high_mark);
    if (status == PP_OK || status == PP_E_AGAIN || status == PP_E_CLOSING)
        return;
    if (status == PP_E_MEMORY && w->world->faulty)
        return;
    sim_fail("a send returns %s", pp_status_name(status));
}

/* ---- "on_close: the connection has ended", for a right reason ---------------------------------
 */

static bool oracle__is_timeout(uint64_t since, uint64_t ms)
{
    return ms > 0 && oracle_ms_since(since) + 1 >= ms;
}

static uint64_t oracle__end_began(const watched *w)
{
    uint64_t at = SIM_NEVER;

    if (w->asked_close || w->asked_abort)
        at = w->close_at;
    if (w->world->stopping && w->world->stopped_at < at)
        at = w->world->stopped_at;
    return at;
}

static bool oracle__is_drained(const watched *w)
{
    uint64_t began = oracle__end_began(w);

    return began != SIM_NEVER && oracle_ms_since(began) + 1 >= w->options.drain_timeout_ms;
}

/* "A dial that fails calls on_close alone, without on_open." */
static bool oracle__may_not_open(const watched *w, pp_status reason)
{
    switch (reason) {
    case PP_E_ABORTED:
        return w->asked_close || w->asked_abort || w->world->stopping;
    case PP_E_NOT_FOUND:
    case PP_E_BUSY:
    case PP_E_IMPOSTOR: /* also where Windows does not tell */
    case PP_E_TIMEOUT:  /* of another machine */
        return !w->world->calm;
    case PP_E_ACCESS: /* of whoever took the name when it was free */
        return w->world->squatted > 0;
    default:
        return false;
    }
}

static bool oracle__may_be(const watched *w, pp_status reason)
{
    const pp_conn_options *o = &w->options;
    const world *all = w->world;
    bool both = w->got_end && w->out->ended;

    switch (reason) {
    case PP_OK:
        return w->asked_close || all->stopping || both;
    case PP_E_ABORTED:
        return w->asked_abort || all->aborted;
    case PP_E_PEER_CLOSED:
        return !(all->calm && w->server && w->in.from && !w->in.from->closing);
    case PP_E_DRAIN_TIMEOUT:
        return both || oracle__is_drained(w);
    case PP_E_FIRST_BYTE_TIMEOUT:
        return !w->heard && oracle__is_timeout(w->opened_at, o->first_byte_timeout_ms);
    case PP_E_IDLE_TIMEOUT: /* bytes may have come a while before their on_message */
        return o->idle_timeout_ms > 0 &&
               oracle_ms_since(w->moved_at) + ORACLE__MOST_BUFFERED_MS >= o->idle_timeout_ms;
    case PP_E_TRUNCATED:
        return !all->calm && o->mode != PP_MODE_STREAM;
    case PP_E_DIRECTION:
    case PP_E_TOO_LONG:
    case PP_E_PROTOCOL:
        return all->hostile;
    case PP_E_REFUSED:
        return w->failed || w->place->options.refuse_unknown;
    case PP_E_USER_LIMIT:
        return w->server && w->place->options.max_clients_per_user > 0;
    case PP_E_USER_RATE:
        return w->server && w->place->options.max_connects_per_user > 0;
    case PP_E_CLOSING: /* of a send, which on_message has returned */
        return w->status == PP_E_CLOSING && (w->asked_close || w->asked_abort || all->stopping);
    default:
        return false;
    }
}

/* "... or on_close(PP_E_DRAIN_TIMEOUT) if drain_timeout_ms passes first." */
static void oracle__is_in_time(const watched *w)
{
    uint64_t began = oracle__end_began(w);

    if (began != SIM_NEVER && w->opened &&
        oracle_ms_since(began) > w->options.drain_timeout_ms + oracle_patience(w->world))
        sim_fail("%s closes %llu ms after it was asked to, and drain_timeout_ms is %llu",
                 oracle__name(w), (unsigned long long)oracle_ms_since(began),
                 (unsigned long long)w->options.drain_timeout_ms);
}

/* "How long to retry ... after 1, 2, 4 ... 64 ms." */
static void oracle__dialled(watched *w)
{
    const client *c = client_of(w);
    uint64_t end = w->opened ? w->opened_at : sim_now_ns();
    uint64_t ms = (end - c->dialled_at) / ORACLE__MS;

    w->world->retries += (unsigned)(ms / 64) + 8;
    if (!w->opened && ms > c->dial_ms + oracle_patience(w->world))
        sim_fail("a dial gives up after %llu ms", (unsigned long long)ms);
}

void oracle_close(watched *w, pp_status reason)
{
    oracle_begins(w, "on_close");
    w->closed = true;
    w->reason = reason;
    w->closed_at = sim_now_ns();
    w->world->closed_for[reason]++;
    if (w->server)
        w->place->serving--;
    if (!w->world->faulty &&
        !(w->opened ? oracle__may_be(w, reason) : oracle__may_not_open(w, reason)))
        sim_fail("%s ends with %s, which has no reason", oracle__name(w), pp_status_name(reason));
    oracle__is_in_time(w);
    oracle_user_refused(w, reason);
    if (!w->server)
        oracle__dialled(w);
    w->out->handed_over = reason == PP_OK;
    if (w->server && w->place->closed)
        sim_fail("on_close of a connection comes after that of its listener");
}

void oracle_listener_closed(place *p)
{
    if (p->closed)
        sim_fail("on_close of a listener comes twice");
    if (!p->closing && !p->world->stopping)
        sim_fail("on_close of a listener comes, and nobody has closed it");
    if (p->serving > 0)
        sim_fail("on_close of a listener comes, and %u of its connections are open", p->serving);
    p->closed = true;
}

/* ---- At the end ------------------------------------------------------------------------------ */

/* "PP_OK: it handed everything accepted to the kernel. PP_E_PEER_CLOSED: the other end left, and
 * the connection had delivered all that it sent." One that we close, or whose port stops, delivers
 * no more. */
void oracle_judge_conn(const watched *w)
{
    const flow *f = w->in.from;

    if (w->conn && !w->closed)
        sim_fail("%s has no on_close", oracle__name(w));
    oracle_peer_closed(w);
    if (w->reason == PP_E_PEER_CLOSED && oracle__end_began(w) > w->closed_at && f && f->broken)
        sim_fail("%s finds no end inside a message", oracle__name(w));
    if (w->reason == PP_E_PEER_CLOSED && oracle__end_began(w) > w->closed_at && f &&
        f->handed_over && !f->wild && !w->in.wild && f->arrived < f->accepted)
        sim_fail("%s got %llu of %llu bytes of a sender that closed gracefully", oracle__name(w),
                 (unsigned long long)f->arrived, (unsigned long long)f->accepted);
}

/* "It handed everything accepted to the kernel, where the other end can read it even later." Of a
 * socket: "A graceful close waits, up to drain_timeout_ms, until the other end has ended its
 * sending, too. If it closed before, data on its way would be lost." */
void oracle_judge_reader(const client *c)
{
    const flow *f = c->in.from;
    const world *all = c->world;

    if (c->kind == CLIENT_PLAIN && c->at_end && f && f->handed_over && !f->wild &&
        f->arrived != f->accepted)
        sim_fail("client %u got %llu of %llu bytes of a server that closed gracefully", c->out->id,
                 (unsigned long long)f->arrived, (unsigned long long)f->accepted);
    for (unsigned i = 0; i < all->served_count && c->was_reset; i++) {
        const watched *w = &all->served[i];
        uint64_t began = oracle__end_began(w);

        if (w->place == c->place && w->reason == PP_OK &&
            (began > w->closed_at ||
             (w->closed_at - began) / ORACLE__MS + 1 < w->options.drain_timeout_ms))
            sim_fail("client %u: its socket is reset, and the server closed gracefully",
                     c->out->id);
    }
}

void oracle_judge_client(const client *c)
{
    const flow *f = c->seen.conn ? c->seen.in.from : c->in.from;
    bool sent = c->seen.conn ? c->seen.owed == 0 : c->out->sent >= c->to_send;

    if (c->kind == CLIENT_SILENT || c->kind == CLIENT_HOSTILE || c->half_writes || c->barred)
        return;
    if (c->seen.conn && c->seen.reason != PP_OK && c->seen.reason != PP_E_PEER_CLOSED)
        sim_fail("client %u ends with %s", c->out->id, pp_status_name(c->seen.reason));
    if (!sent || client_expects_more(c))
        sim_fail("client %u: %s with %u of %u messages sent, %u came", c->out->id,
                 pp_status_name(c->seen.reason), c->out->sent, c->to_send, f ? f->received : 0);
    if (c->out->handed_over && c->out->arrived != c->out->accepted)
        sim_fail("client %u: %llu of %llu bytes came", c->out->id,
                 (unsigned long long)c->out->arrived, (unsigned long long)c->out->accepted);
}
