/*
 * What must hold for the users of a world: who gets in, who is known, and what limits there are of
 * each.
 */
#include "world.h"

#include "base/security.h"

#include <string.h>

/* ---- "Who may open a name." -------------------------------------------------------------------
 */

bool oracle_may_open(const client *c, DWORD rights)
{
    return people_may_open(c->place->policy, &c->place->options.access, c->letter, rights);
}

void oracle_opened(client *c, DWORD rights, DWORD error)
{
    const place *p = c->place;
    bool may = oracle_may_open(c, rights);

    c->barred = !may;
    if (!p->adopted && (!p->listening || p->closing || c->world->stopping))
        return; /* the name may be another's */
    if (error == ERROR_SUCCESS && !may)
        sim_fail("client %u, %c, gets in, and nothing gives it access", c->out->id, c->letter);
    if (error == ERROR_ACCESS_DENIED && may)
        sim_fail("client %u, %c, is denied access", c->out->id, c->letter);
}

/* ---- "Who is at the other end." ---------------------------------------------------------------
 */

static client *oracle__client_of(const watched *w)
{
    const flow *f = w->in.from;

    return f && !f->wild && f->id <= WORLD_MOST_CLIENTS ? &w->world->clients[f->id - 1] : NULL;
}

/* Whether these may be the process and session of a client. Of a remote one, and of one that has
 * left, Windows tells neither: not known. */
static bool oracle__may_be_of(const client *c, const pp_peer *peer)
{
    bool is_socket = c->place->adopted == ADOPTED_SOCKET;
    /* An adopted end may have no client yet. */
    bool may_leave = (c->kind == CLIENT_DIALLED || c->place->adopted) && !c->world->calm;

    if (c->process.machine > 0 || is_socket || c->out->closing || may_leave || c->world->faulty)
        return peer->process_id == 0 || peer->process_id == c->process.id;
    return peer->process_id == c->process.id && peer->session_id == c->process.session;
}

static void oracle__check_process(const watched *w, const pp_peer *peer)
{
    const world *all = w->world;

    for (unsigned i = 0; i < all->client_count; i++)
        if (all->clients[i].place == w->place && !all->clients[i].barred &&
            oracle__may_be_of(&all->clients[i], peer))
            return;
    sim_fail("a connection is said to be of process %u in session %u", peer->process_id,
             peer->session_id);
}

/* "The process and session are known as soon as the connection is open." */
void oracle_peer_opens(watched *w)
{
    pp_peer peer;

    if (pp_conn_peer(w->conn, &peer) != PP_OK)
        sim_fail("nothing is known of the other end of an open connection");
    oracle__check_process(w, &peer);
    w->process = peer.process_id;
}

static void oracle__check_user(const client *c, const pp_peer *peer)
{
    DWORD integrity = c->process.integrity ? c->process.integrity : 0x2000;
    bool hides = c->hides || c->place->adopted > ADOPTED_SERVER_END;
    bool may_be_unknown = hides || c->world->faulty;
    bool user = !hides && strcmp(peer->user, c->process.user) == 0;
    bool level = !hides && peer->integrity == integrity;

    if (!user && !(may_be_unknown && !peer->user[0]))
        sim_fail("client %u is said to be %s", c->out->id, peer->user);
    if (!level && !(may_be_unknown && peer->integrity == 0))
        sim_fail("client %u is said to be at integrity %u", c->out->id, peer->integrity);
}

/* "The user of a client is known from the first read on." "True: a hidden client's connection ends
 * with PP_E_REFUSED after its first message." */
void oracle_peer_speaks(watched *w)
{
    const client *c = oracle__client_of(w);
    pp_peer peer;

    if (!c || !w->server)
        return;
    if (pp_conn_peer(w->conn, &peer) != PP_OK || peer.process_id != w->process)
        sim_fail("the other end of a connection has changed");
    oracle__check_user(c, &peer);
    if (c->hides && w->place->options.refuse_unknown)
        sim_fail("a hidden client is heard, and refuse_unknown is set");
    if (c->barred)
        sim_fail("a client is heard that has no access");
}

/* "Only pp_conn_peer still tells who it was." */
void oracle_peer_closed(const watched *w)
{
    pp_peer peer;

    if (w->server && w->opened &&
        (pp_conn_peer(w->conn, &peer) != PP_OK || peer.process_id != w->process))
        sim_fail("nobody knows any more who the other end was");
}

/* ---- "max_clients_per_user: beyond it PP_E_USER_LIMIT. max_connects_per_user: in a second." ----
 */

/* "For the two limits, the hidden clients of one session are one user." */
static bool oracle__are_one(const client *a, const client *b)
{
    if (a->place != b->place || a->hides != b->hides)
        return false;
    return a->hides ? a->process.session == b->process.session &&
                          a->process.machine == b->process.machine
                    : strcmp(a->process.user, b->process.user) == 0;
}

/* It is in, and neither side has begun to end that. */
static bool oracle__is_in(const watched *w, const client *c)
{
    const flow *f = w->in.from;

    return !c->seen.failed && !c->seen.closed && c->seen.status == PP_OK && w->heard &&
           !w->closed && !w->asked_close && !w->asked_abort && !w->failed && w->status == PP_OK &&
           !f->closing && !f->ended && !w->out->ended && w->options.idle_timeout_ms == 0;
}

void oracle_user_limit(const watched *w)
{
    const client *c = oracle__client_of(w), *other;
    const pp_listen_options *o = &w->place->options;
    uint64_t now = 0, lately = 0;

    if (!c || !w->server || w->world->stopping ||
        w->world->faulty) /* who is unknown counts apart */
        return;
    for (unsigned i = 0; i < w->world->served_count; i++) {
        const watched *seen = &w->world->served[i];

        other = oracle__client_of(seen);
        if (!other || !oracle__are_one(c, other))
            continue;
        now += oracle__is_in(seen, other);
        lately += seen->heard && oracle_ms_since(seen->opened_at) < 900;
    }
    if (o->max_clients_per_user > 0 && now > o->max_clients_per_user)
        sim_fail("a user has %u connections, and max_clients_per_user is %u", (unsigned)now,
                 (unsigned)o->max_clients_per_user);
    if (o->max_connects_per_user > 0 && lately > 2 * o->max_connects_per_user)
        sim_fail("a user has connected %u times in a second, and max_connects_per_user is %u",
                 (unsigned)lately, (unsigned)o->max_connects_per_user);
}

/* So many clients of one user there must be that it can be too many. */
void oracle_user_refused(const watched *w, pp_status reason)
{
    const world *all = w->world;
    uint64_t least = reason == PP_E_USER_LIMIT ? w->place->options.max_clients_per_user
                                               : w->place->options.max_connects_per_user;
    unsigned most = 0;

    if (reason != PP_E_USER_LIMIT && reason != PP_E_USER_RATE)
        return;
    for (unsigned i = 0; i < all->client_count; i++) {
        unsigned alike = 0;

        for (unsigned k = 0; k < all->client_count && all->clients[i].place == w->place; k++)
            alike += oracle__are_one(&all->clients[i], &all->clients[k]);
        most = alike > most ? alike : most;
    }
    if (!all->faulty && most <= least)
        sim_fail("a connection ends with %s, and no user has more than %u clients",
                 pp_status_name(reason), most);
}

/* ---- "From start to stop at least one instance is open, so no other process can take over the
 * name." -----------------------------------------------------------------------------------------
 */

DWORD squat_main(void *argument)
{
    squatter *own = argument;
    world *w = own->world;

    for (unsigned tries = sim_draw(40); tries > 0 && !w->over; tries--) {
        place *p = &w->places[sim_draw(w->place_count)];
        DWORD mode = PIPE_ACCESS_DUPLEX | (sim_chance(2) ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0);
        HANDLE pipe;

        sim_sleep(sim_draw(20));
        if (own->who->process.machine > 0 ||
            people_may_make(p->policy, &p->options.access, own->who->letter))
            continue;  /* what the access allows would only disturb */
        w->squatted++; /* before others can meet the pipe */
        pipe = CreateNamedPipeW(p->path, mode, PIPE_TYPE_MESSAGE, PIPE_UNLIMITED_INSTANCES, 100,
                                100, 0, NULL);
        if (pipe == INVALID_HANDLE_VALUE) {
            w->squatted--;
            continue;
        }
        if (p->listening && !p->closing && !w->stopping)
            sim_fail("%c serves the name %s", own->who->letter, p->name);
        CloseHandle(pipe);
    }
    return 0;
}
