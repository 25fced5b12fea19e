/*
 * The callbacks of both sides, and what programs do in them.
 */
#include "world.h"

#include <string.h>

bool world_does(uint32_t one_in)
{
    return one_in > 0 && sim_chance(one_in);
}

static bool conns__has_lane(const pp_conn_options *o)
{
    return o->mode == PP_MODE_FRAMED && o->lane == PP_LANE_AUTO;
}

void watched_init(watched *w, world *world, place *p, flow *out)
{
    memset(w, 0, sizeof *w);
    w->world = world;
    w->place = p;
    w->out = out;
    w->in.world = world;
    w->in.wild = world->scribbled && conns__has_lane(&p->options.conn);
}

/* ---- What users ask for ---------------------------------------------------------------------- */

static void conns__note_close(watched *w)
{
    if (!w->asked_close && !w->asked_abort)
        w->close_at = sim_now_ns();
    w->out->closing = true;
}

void conns_close(watched *w)
{
    conns__note_close(w);
    w->asked_close = true;
    pp_conn_close(w->conn);
}

void conns_abort(watched *w)
{
    conns__note_close(w);
    w->asked_abort = true;
    pp_conn_abort(w->conn);
}

void conns_resume(watched *w)
{
    w->resumes++;
    w->resuming++;
    pp_conn_resume(w->conn);
    w->resuming--;
    w->resumes++; /* it may have come after what began meanwhile */
    w->held = false;
}

static void conns__resume_later(void *user, pp_status status)
{
    watched *w = user;
    pp_conn *conn = w->conn;

    (void)status;
    conns_resume(w);
    pp_conn_unref(&conn);
}

/* False: no memory, or the port stops. */
static bool conns__plan_resume(watched *w)
{
    pp_conn *conn = w->conn;

    pp_conn_ref(conn);
    if (pp_port_after(w->world->port, sim_draw(40), conns__resume_later, w, NULL) == PP_OK)
        return true;
    pp_conn_unref(&conn);
    return false;
}

/* ---- Sending --------------------------------------------------------------------------------- */

static pp_status conns__send_shared(watched *w, const char *data, size_t length)
{
    pp_buffer *buffer = pp_buffer_new(length);
    pp_status status = PP_E_MEMORY;

    if (buffer) {
        memcpy(pp_buffer_data(buffer), data, length);
        status = pp_conn_send_buffer(w->conn, buffer);
    }
    pp_buffer_unref(&buffer);
    return status;
}

static pp_status conns__send(watched *w, size_t most, size_t *length)
{
    const char *data = flow_next(w->out, most, length);
    pp_status status;

    w->sending++;
    status = world_does(w->manners.shares) ? conns__send_shared(w, data, *length)
                                           : pp_conn_send(w->conn, data, *length);

    if (status == PP_OK)
        flow_sent(w->out, *length);
    oracle_sent(w, status);
    w->sending--;
    return status;
}

/* A client has got all answers, and sends nothing more. */
static bool conns__is_complete(watched *w)
{
    return !w->server && !w->ends && w->owed == 0 && w->out->sent > 0 &&
           !client_expects_more(client_of(w));
}

/* Everything owed was sent: what follows on that. */
static void conns__sent_all(watched *w)
{
    if (w->ends_now) {
        w->ends_now = false;
        w->out->ended = w->out->closing = true;
        if (pp_conn_end_sending(w->conn) != PP_OK)
            w->out->wild = true;
        else if (pp_conn_end_sending(w->conn) == PP_OK || pp_conn_send(w->conn, "", 1) == PP_OK)
            sim_fail("our sending has ended, and goes on");
    }
    if (w->opened && (w->closes_when_done || conns__is_complete(w)) && !w->asked_close)
        conns_close(w); /* before it is open, that would cost what is queued */
}

void conns_go_on(watched *w)
{
    bool stream = w->out->stream;
    size_t length;

    while (w->owed > 0) {
        if (conns__send(w, w->owed, &length) != PP_OK)
            return;
        w->owed -= stream ? (unsigned)length : 1;
    }
    conns__sent_all(w);
}

/* ---- Callbacks ------------------------------------------------------------------------------- */

void conns_linger(world *all, const manners *m)
{
    uint64_t slow = all->options.slow_callback_ms, ms;
    bool stalls = all->stalls > 0 && sim_chance(16);

    if (!stalls && !world_does(m->sleeps))
        return;
    ms = stalls ? WORLD_STALL_MS : 1 + sim_draw(30);
    if (stalls) { /* what it asks for now must not wait for it */
        all->stalls--;
        world_post(all);
        world_add_timer(all, sim_draw(50));
    }
    sim_sleep((DWORD)ms);
    if (slow > 0 && ms > slow)
        all->slow++;
}

/* What may be done in any callback. */
static void conns__misbehave(watched *w)
{
    conns_linger(w->world, &w->manners);
    if (world_does(w->manners.closes)) {
        conns_close(w);
        w->shut = true;
    }
    if (world_does(w->manners.aborts)) {
        conns_abort(w);
        w->shut = true;
    }
    if (world_does(w->manners.stops))
        world_stop(w->world, sim_chance(2));
    oracle_limit(w->world);
}

static void conns__open(pp_conn *conn, void *user)
{
    watched *w = user;

    (void)conn;
    oracle_open(w);
    if (w->server || w->owed == 0)
        conns_go_on(w);
    conns__misbehave(w);
    oracle_ends(w);
}

/* A connection of a listener: its user pointer becomes its own. */
static void conns__accepted(pp_conn *conn, void *user)
{
    place *p = user;
    world *all = p->world;
    unsigned number = all->served_count++;
    watched *w = &all->served[number];

    if (number >= WORLD_MOST_SERVED)
        sim_fail("more than %u connections of the server", WORLD_MOST_SERVED);
    flow_init(&all->flows[WORLD_MOST_CLIENTS + number], all, WORLD_MOST_CLIENTS + number + 1, p);
    watched_init(w, all, p, &all->flows[WORLD_MOST_CLIENTS + number]);
    w->server = true;
    w->options = p->options.conn;
    w->manners = p->manners;
    pp_conn_ref(conn);
    w->conn = conn;
    w->owed = w->out->stream ? p->pushes * (unsigned)w->out->longest : p->pushes;
    w->closes_when_done = p->options.conn.direction == PP_DIRECTION_OUTBOUND;
    w->ends_now = p->ends_first;
    pp_conn_set_user(conn, w);
    conns__open(conn, w);
}

/* Refuses it, now and then, in each of the ways. True: refused. */
static bool conns__refuses(watched *w)
{
    if (world_does(w->manners.resumes)) {
        conns_resume(w); /* before the refusal, which it undoes */
        return true;
    }
    return world_does(w->manners.pauses) && conns__plan_resume(w);
}

/* In stream mode what came is owed, and too much of that pauses. */
static pp_status conns__answer_stream(watched *w, size_t length)
{
    w->owed += (unsigned)length;
    conns_go_on(w);
    if (w->owed > (2 + w->place->pushes) * w->out->longest && !w->held) {
        w->held = true;
        pp_conn_pause(w->conn);
    }
    return PP_OK;
}

static pp_status conns__answer(watched *w, size_t length)
{
    size_t sent;

    if (!w->server || !w->place->answers)
        return PP_OK;
    return w->out->stream ? conns__answer_stream(w, length) : conns__send(w, SIZE_MAX, &sent);
}

static pp_status conns__take(watched *w, const void *data, size_t length)
{
    pp_status status;

    if (world_does(w->manners.fails)) {
        w->failed = true;
        return PP_E_REFUSED;
    }
    if (conns__refuses(w))
        return PP_E_AGAIN;
    status = conns__answer(w, length);
    if (status == PP_OK || status == PP_E_CLOSING) { /* closing: taken, if the other end has left */
        flow_take(&w->in, data, length);
        w->world->messages_in++;
        w->world->unsure += status == PP_E_CLOSING;
    }
    return status;
}

static pp_status conns__message(pp_conn *conn, void *user, const void *data, size_t length)
{
    watched *w = user;
    unsigned resumes = w->resumes;
    bool resuming = w->resuming > 0; /* it may come to take effect only now */
    pp_status status;

    (void)conn;
    oracle_message(w, data, length);
    conns__misbehave(w);
    status = conns__take(w, data, length);
    if (status == PP_E_AGAIN && w->resumes == resumes && !resuming)
        w->held = true;
    if (status != PP_OK && status != PP_E_AGAIN)
        w->status = status;
    if (conns__is_complete(w) && !w->asked_close)
        conns_close(w);
    oracle_ends(w);
    return status;
}

static void conns__writable(pp_conn *conn, void *user)
{
    watched *w = user;

    (void)conn;
    oracle_writable(w);
    w->room = true;
    if (w->foreign)
        sim_wake(w);
    else
        conns_go_on(w);
    if (w->server)
        conns_resume(w);
    conns__misbehave(w);
    oracle_ends(w);
}

static void conns__end(pp_conn *conn, void *user)
{
    watched *w = user;

    (void)conn;
    oracle_end(w);
    conns__misbehave(w);
    if (w->server) {
        w->ends_now =
            w->place->answers_ends && !w->out->ended && w->options.direction == PP_DIRECTION_DUPLEX;
        w->closes_when_done = !w->ends_now;
        if (w->owed == 0)
            conns__sent_all(w);
    }
    oracle_ends(w);
}

static const char *conns__identity(pp_conn *conn, void *user, const pp_peer *peer)
{
    watched *w = user;

    (void)conn;
    oracle_identity(w, peer);
    conns__misbehave(w);
    w->failed = world_does(w->manners.fails);
    oracle_ends(w);
    return w->failed ? "not today" : NULL;
}

static void conns__closed(pp_conn *conn, void *user, pp_status reason)
{
    watched *w = user;

    (void)conn;
    oracle_close(w, reason);
    conns_linger(w->world, &w->manners);
    oracle_ends(w);
    sim_wake(w);
    sim_wake(&w->world->clients_done);
    if (!w->server)
        client_done(client_of(w));
}

/* Another thread sends all that a client has. */
DWORD conns_send_main(void *argument)
{
    watched *w = argument;

    sim_spare();
    do {
        w->room = false;
        conns_go_on(w);
        while (w->owed > 0 && !w->room && !w->closed)
            if (!sim_wait_for(w, sim_deadline(WORLD_DAYS_MS)) && !w->room && !w->closed)
                sim_fail("on_writable never comes after a refusal");
    } while (w->owed > 0 && !w->closed);
    return 0;
}

void conns_set_handlers(pp_conn_options *o, bool server)
{
    o->handlers = (pp_handlers){.on_open = server ? conns__accepted : conns__open,
                                .on_message = conns__message,
                                .on_writable = conns__writable,
                                .on_end = conns__end,
                                .on_close = conns__closed};
    if (server && sim_chance(3) && o->direction != PP_DIRECTION_OUTBOUND)
        o->handlers.on_identity = conns__identity;
}
