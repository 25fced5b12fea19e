/*
 * A world: a server and its clients in one simulated Windows, each drawn from the seed.
 */
#include "world.h"

#include <stdio.h>
#include <string.h>

#define WORLD__CALM_MS (6 * 3600 * 1000u) /* after that, something is stuck */

/* ---- What is drawn --------------------------------------------------------------------------- */

/* Never, or once in up to `most` times. */
static uint32_t world__odds(uint32_t most)
{
    return sim_chance(3) ? 2 + sim_draw(most) : 0;
}

static void world__draw_manners(const world *w, manners *m)
{
    *m = (manners){.pauses = world__odds(16),
                   .resumes = world__odds(16),
                   .shares = world__odds(4),
                   .sleeps = w->sleeps ? world__odds(32) : 0};
    if (w->calm || w->walk.on)
        return;
    m->closes = world__odds(64);
    m->aborts = world__odds(64);
    m->fails = world__odds(64);
    m->stops = world__odds(512);
}

static void world__draw_times(const world *w, pp_conn_options *o)
{
    o->drain_timeout_ms = w->calm ? 3600 * 1000 : sim_chance(4) ? 0 : sim_draw(2000);
    if (w->calm || w->walk.on || !sim_chance(2))
        return;
    o->first_byte_timeout_ms = sim_chance(2) ? 100 + sim_draw(1000) : 0;
    o->idle_timeout_ms = sim_chance(2) ? 100 + sim_draw(1000) : 0;
}

static void world__draw_conn(world *w, place *p)
{
    pp_conn_options *o = &p->options.conn;

    o->mode = w->walk.on ? w->walk.mode : w->scribbled ? PP_MODE_FRAMED : (pp_mode)sim_draw(3);
    o->direction = sim_chance(3) && !w->walk.on ? (pp_direction)sim_draw(3) : PP_DIRECTION_DUPLEX;
    o->half_close = o->mode == PP_MODE_MESSAGE && sim_chance(2);
    o->max_message = w->heavy ? 1000 + sim_draw(WORLD_LONGEST - 1000) : 4 + sim_draw(200);
    o->high_mark = 1 + sim_draw(sim_chance(2) ? 3000 : 500000);
    o->low_mark = sim_chance(2) ? 0 : 1 + sim_draw((uint32_t)o->high_mark);
    world__draw_times(w, o);
    o->lane = w->walk.on || w->scribbled || sim_chance(2) ? PP_LANE_AUTO : PP_LANE_OFF;
    o->lane_ring = 4096u << sim_draw(2);
    p->answers = o->direction == PP_DIRECTION_DUPLEX && !sim_chance(4);
    p->answers_ends = sim_chance(2);
    p->pushes = o->direction == PP_DIRECTION_INBOUND ? 0 : sim_draw(w->heavy ? 6 : 30);
    world__draw_manners(w, &p->manners);
}

static void world__listener_closed(void *user)
{
    oracle_listener_closed(user);
}

static void world__draw_place(world *w, place *p, unsigned number)
{
    pp_listen_options *o = &p->options;

    p->world = w;
    snprintf(p->name, sizeof p->name, "w%u", number);
    snprintf(p->far_name, sizeof p->far_name, "\\\\ONE\\pipe\\w%u", number);
    swprintf(p->path, sizeof p->path / sizeof *p->path, L"\\\\.\\pipe\\w%u", number);
    swprintf(p->far_path, sizeof p->far_path / sizeof *p->far_path, L"\\\\ONE\\pipe\\w%u", number);
    pp_listen_options_init(o);
    world__draw_conn(w, p);
    o->name = p->name;
    o->accept_ready = w->walk.on ? 1 : 1 + sim_draw(4);
    o->accept_depth = o->accept_ready + sim_draw(sim_chance(10) ? 61 : 8);
    o->max_clients = sim_chance(3) ? 1 + sim_draw(4) : 10000;
    o->pipe_buffer = o->conn.lane == PP_LANE_AUTO ? 4096 : sim_draw(4) * (w->heavy ? 20000 : 100);
    if (!w->calm && o->conn.direction != PP_DIRECTION_OUTBOUND && sim_chance(6)) {
        o->max_clients_per_user = sim_draw(4);
        o->max_connects_per_user = sim_draw(4);
    }
    p->policy = &people_default;
    if (w->walk.on) {
        o->access.allow = &sim_client.user;
        o->access.allow_count = 1;
    } else if (w->crowd) {
        p->policy = people_draw_access(&o->access, false);
        o->refuse_unknown = o->conn.direction != PP_DIRECTION_OUTBOUND && sim_chance(4);
    }
    o->conn.user = p;
    o->user = p;
    o->on_close = world__listener_closed;
    conns_set_handlers(&o->conn, true);
}

static client_kind world__draw_kind(const world *w, const place *p, unsigned number)
{
    if (p->adopted && (w->calm || w->walk.on || !sim_chance(5)))
        return CLIENT_PLAIN;
    if (w->walk.on)
        return (client_kind)(number % (CLIENT_BLOCKING + 1)); /* all of them */
    if (!w->calm && sim_chance(5))
        return sim_chance(2) && w->hostile ? CLIENT_HOSTILE : CLIENT_SILENT;
    if (p->adopted)
        return CLIENT_SILENT;
    /* docs/limit.md: with both ends on a port at its limit, each may wait for the other. */
    if (sim_chance(2) && !(w->calm && w->heavy))
        return CLIENT_DIALLED;
    return p->options.conn.direction == PP_DIRECTION_DUPLEX && sim_chance(2) ? CLIENT_BLOCKING
                                                                             : CLIENT_PLAIN;
}

static void world__draw_person(client *c)
{
    const world *w = c->world;
    const person *who =
        w->crowd && !c->place->adopted && c->kind != CLIENT_DIALLED ? people_draw() : &people_owner;
    bool plain = c->kind != CLIENT_DIALLED && c->kind != CLIENT_BLOCKING;

    c->letter = who->letter;
    c->process = who->process;
    c->process.id = 1000 + c->out->id;
    if (c->kind == CLIENT_DIALLED || c->place->adopted == ADOPTED_STREAM)
        c->process = sim_server; /* which opens a child's end, too */
    c->hides = w->crowd && plain && !c->place->adopted && sim_chance(6) &&
               !(w->calm && c->place->options.refuse_unknown);
}

static void world__draw_client(world *w, unsigned number)
{
    client *c = &w->clients[number];
    place *p = c->place =
        number < w->adopted_count ? &w->adopted[number] : &w->places[sim_draw(w->place_count)];
    bool ends = p->options.conn.mode == PP_MODE_FRAMED || p->options.conn.half_close;

    c->world = w;
    c->out = &w->flows[number];
    c->in.world = w;
    c->kind = world__draw_kind(w, p, number);
    flow_init(c->out, w, number + 1, p);
    watched_init(&c->seen, w, p, c->out);
    world__draw_manners(w, &c->seen.manners);
    world__draw_person(c);
    c->to_send =
        p->options.conn.direction == PP_DIRECTION_OUTBOUND ? 0 : 1 + sim_draw(w->heavy ? 8 : 40);
    c->leaves_after = !w->calm && sim_chance(3) ? sim_draw(20) : UINT32_MAX;
    c->half_writes = c->leaves_after != UINT32_MAX && sim_chance(2);
    c->late_ms = sim_chance(3) ? sim_draw(500) : 0;
    c->slow_ms = sim_chance(4) ? 1 + sim_draw(10) : 0;
    c->piece = w->heavy        ? 3000 + sim_draw(100000)
               : sim_chance(4) ? 1 + sim_draw(3)
                               : 1 + sim_draw(300);
    c->seen.ends = ends && p->options.conn.direction == PP_DIRECTION_DUPLEX && sim_chance(2);
    c->seen.foreign = sim_chance(6) && c->to_send > 0;
    c->expects_other = !w->calm && sim_chance(12);
    c->is_far = !w->calm && c->kind == CLIENT_DIALLED && sim_chance(8);
}

void world_draw(world *w)
{
    w->calm = sim_chance(3) && !w->walk.on;
    w->faulty = w->walk.on || (!w->calm && sim_chance(3));
    w->hostile = !w->calm && !w->walk.on && sim_chance(3);
    w->scribbled = w->hostile && sim_chance(2);
    w->sleeps = sim_chance(4) && !w->walk.on;
    w->crowd = sim_chance(3) && !w->walk.on;
    w->heavy = sim_chance(w->calm ? 4 : 8) && !w->walk.on;
    w->deadline = w->calm ? WORLD__CALM_MS : sim_draw(sim_chance(2) ? 100 : 5000);
    pp_port_options_init(&w->options);
    w->options.workers = w->walk.on || sim_chance(8) ? 0 : 1 + sim_draw(sim_chance(3) ? 8 : 4);
    w->options.max_buffered = 1024 * 1024;
    if (w->options.workers > 1 && !w->sleeps && !w->faulty && sim_chance(4))
        w->stalls = 1 + sim_draw((uint32_t)w->options.workers - 1);
    w->stalled = w->stalls > 0;
    w->options.slow_callback_ms = sim_draw(3) * 10;
    w->place_count = sim_chance(3) ? 1 + sim_draw(WORLD_MOST_PLACES) : 1;
    for (unsigned i = 0; i < w->place_count; i++)
        world__draw_place(w, &w->places[i], i);
    w->adopted_count = w->walk.on ? 3 : sim_chance(3) ? 1 + sim_draw(WORLD_MOST_ADOPTED) : 0;
    for (unsigned i = 0; i < w->adopted_count; i++) {
        world__draw_place(w, &w->adopted[i], i);
        adopted_draw(&w->adopted[i], i);
    }
    w->client_count = w->walk.on       ? WORLD_FEW_CLIENTS
                      : sim_chance(10) ? sim_draw(WORLD_MOST_CLIENTS + 1)
                                       : 1 + sim_draw(WORLD_FEW_CLIENTS);
    if (w->client_count < w->adopted_count)
        w->client_count = w->adopted_count;
    for (unsigned i = 0; i < w->client_count; i++)
        world__draw_client(w, i);
    mail_draw(w);
}

/* ---- The course of it ------------------------------------------------------------------------ */

void world_stop(world *w, bool abort)
{
    if (!w->stopping)
        w->stopped_at = sim_now_ns();
    w->stopping = true;
    sim_wake(&w->clients_done);
    if (abort) {
        w->aborted_at = w->aborted ? w->aborted_at : sim_now_ns();
        w->aborted = true;
        pp_port_abort(w->port);
    } else {
        pp_port_stop(w->port);
    }
}

/* "PP_E_NAME_TAKEN: a listener of this process has the name until its on_close." */
static void world__listen_again(world *w, place *p)
{
    pp_status status;
    pp_error error;

    if (!p->listening || !(w->walk.on || sim_chance(8)))
        return;
    p->options.on_close = NULL;
    status = pp_listen(w->port, &p->options, NULL, &error);
    p->options.on_close = world__listener_closed;
    if (status == PP_OK || (status != PP_E_NAME_TAKEN && !w->faulty && !w->stopping))
        sim_fail("pp_listen for a name that is taken: %s", error.message);
}

static bool world__open(world *w)
{
    pp_error error;

    if (pp_port_open(&w->port, &w->options, &error) != PP_OK) {
        if (!w->faulty)
            sim_fail("pp_port_open: %s", error.message);
        return false;
    }
    for (unsigned i = 0; i < w->place_count; i++) {
        place *p = &w->places[i];

        p->listening = pp_listen(w->port, &p->options, &p->listener, &error) == PP_OK;
        if (!p->listening && !w->faulty && !w->stopping)
            sim_fail("pp_listen: %s", error.message);
        world__listen_again(w, p);
    }
    mail_open(w);
    return true;
}

static void world__tell_flow(const flow *f, const watched *w, bool done)
{
    if (done)
        return;
    printf("flow %u: %llu bytes of %u messages sent, %llu of %u came; owed %u%s%s, reads flow %u\n",
           f->id, (unsigned long long)f->accepted, f->sent, (unsigned long long)f->arrived,
           f->received, w->owed, w->held ? ", refuses" : "", w->asking ? ", was refused" : "",
           w->in.from ? w->in.from->id : 0);
}

/* The clients are done. In a calm world all that they sent has come, too. */
static bool world__is_quiet(const world *w)
{
    unsigned open = 0;

    for (unsigned i = 0; i < w->place_count; i++)
        open += w->places[i].serving;
    for (unsigned i = 0; i < w->adopted_count; i++)
        open += w->adopted[i].serving;
    for (unsigned i = 0; i < w->client_count; i++)
        open += w->flows[i].arrived != w->flows[i].accepted;
    return w->clients_done == w->client_count && (open == 0 || !w->calm) && mail_is_quiet(w);
}

/* What a calm world waits for. */
static void world__tell_stuck(const world *w)
{
    for (unsigned i = 0; i < w->client_count; i++)
        world__tell_flow(w->clients[i].out, &w->clients[i].seen,
                         w->clients[i].done && w->flows[i].arrived == w->flows[i].accepted);
    for (unsigned i = 0; i < w->served_count; i++)
        world__tell_flow(w->served[i].out, &w->served[i], w->served[i].closed);
    sim_fail("something is stuck");
}

static void world__await_clients(world *w)
{
    uint64_t deadline = sim_deadline((DWORD)w->deadline);

    while (!world__is_quiet(w) && !w->stopping)
        if (!sim_wait_for(&w->clients_done, deadline))
            break;
    if (w->calm && !world__is_quiet(w))
        world__tell_stuck(w);
}

void world_join(HANDLE *thread)
{
    if (!*thread)
        return;
    WaitForSingleObject(*thread, INFINITE);
    CloseHandle(*thread);
    *thread = NULL;
}

static void world__stop(world *w)
{
    bool abort = !w->calm && sim_chance(4);

    if (w->calm) {
        sim_sleep(60000);
        oracle_at_rest(w);
    }
    world_stop(w, abort);
    if (!w->calm && sim_chance(8)) {
        w->slept_ms = sim_draw(500);
        sim_sleep((DWORD)w->slept_ms);
        world_stop(w, true);
    }
    pp_port_wait(w->port);
    w->over = true;
    oracle_stopped(w);
}

static void world__close(world *w)
{
    for (unsigned i = 0; i < w->client_count; i++) {
        world_join(&w->clients[i].thread);
        world_join(&w->clients[i].sender);
    }
    adopted_join(w);
    mail_close(w);
    oracle_judge(w);
    for (unsigned i = 0; i < w->client_count; i++)
        pp_conn_unref(&w->clients[i].seen.conn);
    for (unsigned i = 0; i < w->served_count; i++)
        pp_conn_unref(&w->served[i].conn);
    for (unsigned i = 0; i < w->place_count; i++)
        pp_listener_close(&w->places[i].listener);
    pp_port_close(&w->port);
}

static void world__start_squatters(world *w)
{
    for (unsigned i = w->crowd ? sim_draw(WORLD_MOST_SQUATTERS + 1) : 0; i > 0; i--) {
        squatter *s = &w->squatters[i - 1];

        *s = (squatter){.world = w, .who = people_draw()};
        s->thread = sim_spawn(&s->who->process, squat_main, s);
    }
}

void world_run(void *context)
{
    world *w = context;
    HANDLE meddlers[2] = {NULL, NULL}, scribbler = NULL;

    memset((char *)w + sizeof w->walk, 0, sizeof *w - sizeof w->walk);
    world_draw(w);
    faults_none();
    if (w->walk.on)
        faults_at(w->walk.which, w->walk.nth);
    else if (w->faulty)
        faults_at_rate(8u << sim_draw(9));
    if (world__open(w)) {
        for (unsigned i = 0; i < w->client_count; i++)
            client_start(&w->clients[i]);
        adopted_start(w);
        mail_start(w);
        world__start_squatters(w);
        for (unsigned i = sim_draw(3); i > 0; i--)
            meddlers[i - 1] = sim_spawn(&sim_server, meddle, w);
        if (w->scribbled)
            scribbler = sim_spawn(&sim_server, scribble, w);
        world__await_clients(w);
        world__stop(w);
        world_join(&meddlers[0]);
        world_join(&meddlers[1]);
        world_join(&scribbler);
        for (unsigned i = 0; i < WORLD_MOST_SQUATTERS; i++)
            world_join(&w->squatters[i].thread);
        world__close(w);
    }
    sim_sleep(100); /* the pool's threads end, too, which dials have left, also those that stand */
    if (sim_handles() != 0)
        sim_fail("%u handles are left", sim_handles());
    if (faults_blocks() != 0)
        sim_fail("%u blocks of memory are left", faults_blocks());
    faults_let_go();
}
