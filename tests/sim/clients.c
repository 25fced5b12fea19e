/*
 * Clients: ours, by pp_dial; and those with a thread and a process of their own, of which the ones
 * here call pp_client_*.
 */
#include "world.h"

#include "base/security.h"

#include <string.h>

void client_done(client *c)
{
    if (c->done)
        return;
    c->done = true;
    c->world->clients_done++;
    sim_wake(&c->world->clients_done);
}

/* Whether the server owes something for what was sent so far. */
bool client_expects_more(const client *c)
{
    const place *p = c->place;
    const flow *out = c->out, *in = c->seen.conn ? c->seen.in.from : c->in.from;
    uint64_t pushed = p->pushes;

    if (out->stream)
        return (in ? in->arrived : 0) < (p->answers ? out->accepted : 0) + pushed * out->longest;
    return (in ? in->received : 0) < (p->answers ? out->sent : 0) + pushed;
}

/* ---- By pp_dial ------------------------------------------------------------------------------ */

static pp_direction client__way(const place *p)
{
    switch (p->options.conn.direction) {
    case PP_DIRECTION_INBOUND:
        return PP_DIRECTION_OUTBOUND;
    case PP_DIRECTION_OUTBOUND:
        return PP_DIRECTION_INBOUND;
    default:
        return PP_DIRECTION_DUPLEX;
    }
}

static void client__set_options(client *c, pp_dial_options *dial)
{
    const pp_conn_options *server = &c->place->options.conn;
    pp_conn_options *o = &dial->conn;

    pp_dial_options_init(dial);
    dial->name = c->is_far ? "\\\\far\\pipe\\w0" : c->place->name;
    dial->timeout_ms = c->world->calm ? WORLD_DAYS_MS : sim_draw(3000);
    c->dial_ms = dial->timeout_ms;
    c->dialled_at = sim_now_ns();
    o->mode = server->mode;
    o->half_close = server->half_close;
    o->direction = client__way(c->place);
    o->max_message = server->max_message;
    o->high_mark = 1 + sim_draw(sim_chance(2) ? 1000 : 100000);
    o->low_mark = sim_chance(2) ? 0 : 1 + sim_draw((uint32_t)o->high_mark);
    o->lane_busy = 1 + sim_draw(4);
    o->drain_timeout_ms = server->drain_timeout_ms;
    if (c->world->calm)
        o->drain_timeout_ms = 3600 * 1000;
    dial->server_process = c->expects_other ? sim_client.id : c->world->calm ? 0 : sim_server.id;
    if (sim_chance(2) || c->world->walk.on)
        dial->server_user = sim_server.user;
    if (c->expects_other && sim_chance(2))
        dial->server_user = "S-1-5-21-9";
    conns_set_handlers(o, false);
    o->user = &c->seen;
}

static void client__dial(client *c)
{
    watched *w = &c->seen;
    pp_dial_options dial;

    client__set_options(c, &dial);
    w->options = dial.conn;
    w->owed = w->out->stream ? c->to_send * 20 : c->to_send;
    w->closes_when_done = dial.conn.direction == PP_DIRECTION_OUTBOUND;
    w->ends_now = w->ends;
    if (dial.conn.direction == PP_DIRECTION_INBOUND)
        w->owed = 0;
    if (pp_dial(c->world->port, &dial, &w->conn, NULL) != PP_OK) {
        if (c->world->calm)
            sim_fail("pp_dial fails");
        client_done(c);
        return;
    }
    if (w->foreign)
        c->sender = sim_spawn(&sim_server, conns_send_main, w);
    else if (w->owed > 0)
        conns_go_on(w);
}

void client_start(client *c)
{
    if (c->kind == CLIENT_DIALLED)
        client__dial(c);
    else
        c->thread =
            sim_spawn(&c->process, c->kind == CLIENT_BLOCKING ? blocking_main : plain_main, c);
}

/* ---- By pp_client_* -------------------------------------------------------------------------- */

/* A time-out of a send leaves nothing to send. */
static bool blocking__send(client *c, pp_client *own)
{
    size_t length;
    const char *data = flow_next(c->out, SIZE_MAX, &length);
    pp_status status =
        pp_client_send(own, data, length, c->world->calm ? WORLD_DAYS_MS : sim_draw(100));

    if (status == PP_OK)
        flow_sent(c->out, length);
    else if (c->world->calm)
        sim_fail("pp_client_send returns %s", pp_status_name(status));
    if (status == PP_E_TIMEOUT && pp_client_send(own, data, length, 1) != PP_E_CLOSING &&
        length > 0)
        sim_fail("pp_client_send goes on after a time-out");
    return status == PP_OK;
}

static bool blocking__receive(client *c, pp_client *own)
{
    static char buffers[WORLD_MOST_CLIENTS][WORLD_LONGEST];
    char *buffer = buffers[c->out->id - 1];
    size_t size = sim_chance(4) ? 1 + sim_draw(100) : WORLD_LONGEST, length;
    pp_status status = pp_client_receive(own, buffer, size, &length, sim_draw(200));

    if (status == PP_E_TOO_LONG && length <= size)
        sim_fail("pp_client_receive: %zu bytes do not fit into %zu", length, size);
    if (status == PP_OK) {
        flow_check(&c->in, buffer, length);
        flow_take(&c->in, buffer, length);
    } else if (c->world->calm && status != PP_E_TIMEOUT && status != PP_E_TOO_LONG) {
        sim_fail("pp_client_receive returns %s", pp_status_name(status));
    }
    return status == PP_OK || status == PP_E_TIMEOUT || status == PP_E_TOO_LONG;
}

static void blocking__talk(client *c, pp_client *own)
{
    while (!c->world->over && c->out->sent < c->to_send && c->out->sent < c->leaves_after &&
           blocking__send(c, own))
        while (client_expects_more(c))
            if (c->world->over || !blocking__receive(c, own))
                return;
}

DWORD blocking_main(void *argument)
{
    client *c = argument;
    pp_client_options options;
    pp_client *own;
    pp_status status;

    pp_client_options_init(&options);
    options.name = c->process.machine > 0 ? c->place->far_name : c->place->name;
    options.mode = c->place->options.conn.mode;
    options.half_close = c->place->options.conn.half_close;
    options.max_message = c->place->options.conn.max_message;
    options.timeout_ms = c->world->calm ? WORLD_DAYS_MS : sim_draw(1000);
    status = pp_client_open(&own, &options, NULL);
    if (status == PP_OK || !c->world->faulty)
        oracle_opened(c, SECURITY_STRICT_RIGHTS,
                      status == PP_OK         ? ERROR_SUCCESS
                      : status == PP_E_ACCESS ? ERROR_ACCESS_DENIED
                                              : ERROR_PIPE_BUSY);
    if (status == PP_OK) {
        blocking__talk(c, own);
        c->out->handed_over = c->out->closing = true;
        pp_client_close(&own);
    } else if (c->world->calm && !c->barred) {
        sim_fail("pp_client_open fails");
    }
    client_done(c);
    return 0;
}
