#include "server/session.h"

#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>

typedef struct session {
    list link;
    pp_conn *conn; /* a reference */
    const session_home *home;
    uint64_t since_ms;
    bool known; /* it has asked Windows who the client is */
    volatile LONG64 messages_in, messages_out, bytes_in, bytes_out;
} session;

void sessions_init(sessions *all)
{
    InitializeSRWLock(&all->lock);
    list_init(&all->all);
    all->count = 0;
    all->listed = 0;
}

/* ---- Callbacks ------------------------------------------------------------------------------ */

static void session__enter(session *s)
{
    sessions *all = s->home->all;

    AcquireSRWLockExclusive(&all->lock);
    list_append(&all->all, &s->link);
    all->count++;
    ReleaseSRWLockExclusive(&all->lock);
}

static void session__leave(session *s)
{
    sessions *all = s->home->all;

    AcquireSRWLockExclusive(&all->lock);
    list_remove(&s->link);
    all->count--;
    ReleaseSRWLockExclusive(&all->lock);
    pp_conn_unref(&s->conn);
    mem_free(s);
}

/* Without memory for its session a connection ends, and its other callbacks find none. */
static void session__open(pp_conn *conn, void *user)
{
    const session_home *home = user;
    session *s = mem_alloc_zeroed(sizeof *s);

    pp_conn_set_user(conn, s);
    if (!s) {
        pp_conn_abort(conn);
        return;
    }
    s->conn = conn;
    s->home = home;
    s->since_ms = clock_ms();
    pp_conn_ref(conn);
    session__enter(s);
    if (home->service->handlers.on_open)
        home->service->handlers.on_open(conn, home->state);
}

/* Once somebody lists the sessions, each asks Windows who its client is, in its next message. The
 * connection keeps the answer. */
static void session__ask(session *s)
{
    pp_peer peer;

    s->known = true;
    if (pp_conn_peer(s->conn, &peer) != PP_OK) {
        /* it will be listed without its user */
    }
}

static pp_status session__message(pp_conn *conn, void *user, const void *data, size_t length)
{
    session *s = user;
    pp_status status;

    if (!s)
        return PP_E_MEMORY;
    if (!s->known && s->home->all->listed)
        session__ask(s);
    status = s->home->service->handlers.on_message(conn, s->home->state, data, length);
    if (status == PP_OK) {
        s->messages_in++;
        s->bytes_in += (LONG64)length;
    }
    return status;
}

static void session__end(pp_conn *conn, void *user)
{
    session *s = user;

    if (s)
        s->home->service->handlers.on_end(conn, s->home->state);
}

static void session__writable(pp_conn *conn, void *user)
{
    session *s = user;

    if (s)
        s->home->service->handlers.on_writable(conn, s->home->state);
}

static void session__close(pp_conn *conn, void *user, pp_status reason)
{
    session *s = user;

    if (!s)
        return;
    if (s->home->service->handlers.on_close)
        s->home->service->handlers.on_close(conn, s->home->state, reason);
    session__leave(s);
}

pp_handlers session_handlers(const service *of)
{
    const pp_handlers *its = &of->handlers;

    assert(!its->on_identity);
    return (pp_handlers){
        .on_open = session__open,
        .on_message = its->on_message ? session__message : NULL,
        .on_end = its->on_end ? session__end : NULL,
        .on_writable = its->on_writable ? session__writable : NULL,
        .on_close = session__close,
    };
}

pp_status session_send(pp_conn *conn, const void *data, size_t length)
{
    session *s = pp_conn_user(conn);
    pp_status status = pp_conn_send(conn, data, length);

    if (status == PP_OK) {
        s->messages_out++;
        s->bytes_out += (LONG64)length;
    }
    return status;
}

/* ---- For others ----------------------------------------------------------------------------- */

static void session__see(const session *s, session_seen *seen)
{
    *seen = (session_seen){
        .id = pp_conn_id(s->conn),
        .age_ms = clock_ms() - s->since_ms,
        .messages_in = (uint64_t)s->messages_in,
        .messages_out = (uint64_t)s->messages_out,
        .bytes_in = (uint64_t)s->bytes_in,
        .bytes_out = (uint64_t)s->bytes_out,
        .queued = pp_conn_queued(s->conn),
        .name = s->home->name,
    };
    if (pp_conn_peer(s->conn, &seen->peer) != PP_OK)
        seen->peer = (pp_peer){.session_id = UINT32_MAX};
}

session_seen *sessions_look(sessions *all, size_t most, size_t *count, size_t *total)
{
    session_seen *seen = mem_alloc((most + 1) * sizeof *seen);

    *count = *total = 0;
    if (!seen)
        return NULL;
    InterlockedExchange(&all->listed, 1);
    AcquireSRWLockExclusive(&all->lock);
    *total = all->count;
    for (list *link = all->all.next; link != &all->all && *count < most; link = link->next)
        session__see(CONTAINER_OF(link, session, link), &seen[(*count)++]);
    ReleaseSRWLockExclusive(&all->lock);
    return seen;
}

bool sessions_drop(sessions *all, uint64_t id)
{
    bool found = false;

    AcquireSRWLockExclusive(&all->lock);
    for (list *link = all->all.next; link != &all->all && !found; link = link->next) {
        session *s = CONTAINER_OF(link, session, link);

        found = pp_conn_id(s->conn) == id;
        if (found)
            pp_conn_abort(s->conn);
    }
    ReleaseSRWLockExclusive(&all->lock);
    return found;
}
