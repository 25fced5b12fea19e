/*
 * Who is at the other end of a connection, and whether it may stay: the limits of each user, and
 * what on_identity says. The user is asked for after the first read, as Windows demands, and only
 * when somebody wants to know.
 */
#include "base/clock.h"
#include "iocp/callback.h"
#include "pipe/conn.h"
#include "pipe/identity.h"
#include "pipe/listener.h"

static void identity__set(pp_conn *c, const pp_peer *peer)
{
    AcquireSRWLockExclusive(&c->peer_lock);
    *c->peer = *peer;
    ReleaseSRWLockExclusive(&c->peer_lock);
}

void conn_meet(pp_conn *c)
{
    pp_peer peer = {0};

    identity_of_process(&port_of(&c->strand)->kernel, &c->pipe, c->serving, &peer);
    identity__set(c, &peer);
}

void conn_part(pp_conn *c)
{
    if (c->user_entry)
        users_leave(&c->instance->listener->users, c->user_entry);
    c->user_entry = NULL;
}

/* Programs whose clients let nobody ask who they are do so each time: once says it for all. */
static void identity__report_unknown(pp_conn *c, DWORD error)
{
    if (c->instance && InterlockedExchange(&c->instance->listener->met_unknown, 1) != 0)
        return;
    log_write(&port_of(&c->strand)->log, PP_LOG_WARN,
              "connection %llu of process %lu does not let us ask who its user is (Windows error "
              "%lu)%s",
              (unsigned long long)c->id, (unsigned long)c->peer->process_id, (unsigned long)error,
              c->instance ? "; others that do not are not named" : "");
}

static void identity__ask(pp_conn *c)
{
    pp_peer peer = *c->peer;
    DWORD error;

    if (c->identified || !c->serving)
        return;
    c->identified = true;
    error = identity_of_user(&port_of(&c->strand)->kernel, &c->pipe, &peer);
    identity__set(c, &peer);
    if (error != ERROR_SUCCESS)
        identity__report_unknown(c, error);
}

/* Why the connection may not stay; `reason` says it for the log. */
static pp_status identity__judge(pp_conn *c, const char **reason)
{
    pp_listener *l = c->instance->listener;
    pp_status status = PP_OK;

    if (l->options.refuse_unknown && !c->peer->user[0]) {
        *reason = "it does not let us ask who it is";
        return PP_E_REFUSED;
    }
    if (users_are_limited(&l->users))
        status = users_enter(&l->users, c->peer, &c->user_entry);
    *reason = pp_status_text(status);
    if (status != PP_OK || !c->options.handlers.on_identity)
        return status;
    conn_callback_begins(c);
    *reason = c->options.handlers.on_identity(c, c->user, c->peer);
    conn_callback_ended(c, "on_identity");
    return *reason ? PP_E_REFUSED : PP_OK;
}

/* Whether the listener itself has to know. */
static bool identity__matters(pp_listener *l)
{
    return l->options.refuse_unknown || users_are_limited(&l->users);
}

bool conn_identify(pp_conn *c)
{
    pp_status status;
    const char *reason;

    if (c->judged || !c->instance)
        return true;
    c->judged = true;
    if (!c->options.handlers.on_identity && !identity__matters(c->instance->listener))
        return true;
    identity__ask(c);
    status = identity__judge(c, &reason);
    if (status == PP_OK)
        return true;
    log_write(&port_of(&c->strand)->log, PP_LOG_WARN, "connection %llu of process %lu, user %s: %s",
              (unsigned long long)c->id, (unsigned long)c->peer->process_id,
              c->peer->user[0] ? c->peer->user : "unknown", reason);
    conn_end(c, status);
    return false;
}

void conn_callback_begins(pp_conn *c)
{
    c->callback_ns = clock_ns();
}

void conn_callback_ended(pp_conn *c, const char *which)
{
    uint64_t took = callback_took(port_of(&c->strand), &c->callback_ns);

    if (took > 0)
        log_write(&port_of(&c->strand)->log, PP_LOG_WARN,
                  "connection %llu of process %lu, user %s: %s took %llu ms, longer than allowed",
                  (unsigned long long)c->id, (unsigned long)c->peer->process_id,
                  c->peer->user[0] ? c->peer->user : "not asked for", which,
                  (unsigned long long)took);
}

pp_status pp_conn_peer(pp_conn *c, pp_peer *peer)
{
    if (!c || !peer)
        return PP_E_ARGUMENT;
    if (strand_is_here(&c->strand) && c->heard && conn_is_live(c))
        identity__ask(c);
    AcquireSRWLockExclusive(&c->peer_lock);
    *peer = *c->peer;
    ReleaseSRWLockExclusive(&c->peer_lock);
    if (peer->process_id != 0 || peer->session_id != 0)
        return PP_OK;
    return c->over ? PP_E_CLOSING : PP_E_AGAIN;
}
