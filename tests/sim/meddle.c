/*
 * Other threads of the server's process: they do to connections, listeners and the port what users
 * do, at any moment.
 */
#include "world.h"

#include <stdlib.h>

/* ---- Timers and posted functions ------------------------------------------------------------- */

static void meddle__timer(void *user, pp_status status)
{
    oracle_timer(user, status);
}

void world_add_timer(world *w, uint64_t delay_ms)
{
    timer_seen *t = &w->timers[w->timer_count];

    if (w->timer_count == WORLD_MOST_TIMERS)
        return;
    w->timer_count++;
    *t = (timer_seen){.world = w, .due = sim_now_ns() + delay_ms * 1000000};
    t->set = true; /* its function may come before pp_port_after returns */
    if (pp_port_after(w->port, delay_ms, meddle__timer, t, &t->id) != PP_OK)
        t->set = false;
}

static void meddle__cancel(timer_seen *t)
{
    bool ok;

    if (!t->set || t->id == 0)
        return;
    t->cancelling++;
    ok = pp_port_cancel(t->world->port, t->id) == PP_OK;
    if (ok && (t->cancelled || (t->called && t->status == PP_OK)))
        sim_fail("a timer is cancelled that was cancelled or called before");
    t->cancelled = t->cancelled || ok;
    t->cancelling--;
}

typedef struct posted {
    world *world;
    uint64_t at;
} posted;

static void meddle__posted(void *user, pp_status status)
{
    posted *p = user;

    if (status != PP_OK)
        sim_fail("a posted function gets %s", pp_status_name(status));
    oracle_posted(p->world, p->at);
    free(p);
}

void world_post(world *w)
{
    posted *p = malloc(sizeof *p);

    *p = (posted){w, sim_now_ns()};
    if (pp_port_post(w->port, meddle__posted, p) == PP_OK)
        w->posted++;
    else
        free(p);
}

/* ---- Connections ----------------------------------------------------------------------------- */

static watched *meddle__choose(world *w)
{
    uint32_t number = sim_draw(w->client_count + w->served_count + 1);
    watched *seen;

    if (number == 0)
        return NULL;
    number--;
    seen =
        number < w->client_count ? &w->clients[number].seen : &w->served[number - w->client_count];
    return seen->conn && seen->opened ? seen : NULL;
}

static void meddle__harmless(world *w, watched *seen)
{
    pp_stats stats;
    pp_peer peer;

    switch (sim_draw(6)) {
    case 0:
        pp_conn_pause(seen->conn);
        sim_sleep(sim_draw(30));
        conns_resume(seen);
        break;
    case 1:
        pp_port_stats(w->port, &stats);
        break;
    case 2:
        pp_conn_peer(seen->conn, &peer);
        break;
    case 3:
        pp_conn_writable(seen->conn);
        break;
    case 4:
        oracle_limit(w);
        break;
    default:
        conns_resume(seen);
    }
}

static void meddle__set_limits(place *p)
{
    pp_listen_options options = p->options;

    options.accept_ready = 1 + sim_draw(4);
    options.accept_depth = options.accept_ready + sim_draw(8);
    p->users++;
    if (p->listener)
        pp_listener_set_limits(p->listener, &options, NULL);
    p->users--;
}

static void meddle__close_listener(place *p)
{
    pp_listener *listener = p->users == 0 ? p->listener : NULL;

    if (!listener)
        return;
    p->listener = NULL; /* another thread may look */
    p->closing = true;
    pp_listener_close(&listener);
}

static void meddle__harmful(world *w, watched *seen)
{
    switch (sim_draw(12)) {
    case 0:
        world_stop(w, sim_chance(2));
        break;
    case 1:
        meddle__close_listener(seen->place);
        break;
    case 2:
    case 3:
    case 4:
        conns_abort(seen);
        break;
    default:
        conns_close(seen);
    }
}

DWORD meddle(void *argument)
{
    world *w = argument;

    for (unsigned i = sim_draw(30); i > 0 && !w->over; i--) {
        watched *seen = meddle__choose(w);

        sim_sleep(sim_draw(3));
        switch (sim_draw(9)) {
        case 0:
            world_add_timer(w, sim_draw(100));
            break;
        case 1:
            meddle__cancel(&w->timers[sim_draw(WORLD_MOST_TIMERS)]);
            break;
        case 2:
            world_post(w);
            break;
        case 3:
            meddle__set_limits(&w->places[sim_draw(w->place_count)]);
            break;
        case 4:
            mail_meddle(w);
            break;
        default:
            if (seen && !w->calm && sim_chance(3))
                meddle__harmful(w, seen);
            else if (seen)
                meddle__harmless(w, seen);
        }
    }
    return 0;
}

/* Who has the rights to a lane's memory and no pipe of it. */
DWORD scribble(void *argument)
{
    world *w = argument;

    for (unsigned left = 1 + sim_draw(60); left > 0 && !w->over;) {
        sim_sleep(sim_chance(2) ? 0 : 1 + sim_draw(10));
        left -= sections_scribble();
    }
    return 0;
}
