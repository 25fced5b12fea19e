#include "pipe/conn_admit.h"

#include <assert.h>

/* A client program that hides its user does so each time: the log names the first one only. */
static void conn__report_unknown(pp_conn *c, DWORD error)
{
    if (c->seat && InterlockedExchange(&c->seat->host->met_unknown, 1) != 0)
        return;
    log_write(&conn_port(c)->log, PP_LOG_WARN,
              "the user of connection %llu of process %lu could not be determined: the client does "
              "not allow it (Windows error %lu)%s",
              (unsigned long long)c->id, (unsigned long)peer_known(&c->peer)->process_id,
              (unsigned long)error, c->seat ? "; further clients like it are not logged" : "");
}

void conn_ask_user(pp_conn *c)
{
    DWORD error;

    if (!c->is_server_end)
        return;
    error = peer_ask_user(&c->peer, &conn_port(c)->kernel, transport_handle(&c->transport));
    if (error != ERROR_SUCCESS)
        conn__report_unknown(c, error);
}

/* Whether the connection may stay. If not, `*reason` is for the log. */
static pp_status conn__judge(pp_conn *c, const char **reason)
{
    host *h = c->seat->host;
    pp_status status = PP_OK;

    if (h->refuse_unknown && !peer_known(&c->peer)->user[0]) {
        *reason = "it hides its user, and refuse_unknown is set";
        return PP_E_REFUSED;
    }
    if (users_are_limited(&h->users))
        status = peer_enter_users(&c->peer, &h->users);
    *reason = pp_status_text(status);
    if (status != PP_OK || !c->settings.handlers.on_identity)
        return status;
    conn_callback_begins(c);
    *reason = c->settings.handlers.on_identity(c, c->user, peer_known(&c->peer));
    conn_callback_ended(c, "on_identity");
    return *reason ? PP_E_REFUSED : PP_OK;
}

/* Whether an option or a handler needs the user. */
static bool conn__user_matters(const pp_conn *c)
{
    host *h = c->seat->host;

    return c->settings.handlers.on_identity || h->refuse_unknown || users_are_limited(&h->users);
}

bool conn_admit(pp_conn *c)
{
    const pp_peer *peer = peer_known(&c->peer);
    const char *reason;
    pp_status status;

    assert(!c->admitted);
    c->admitted = true;
    if (!c->seat || !conn__user_matters(c))
        return true;
    conn_ask_user(c);
    status = conn__judge(c, &reason);
    if (status == PP_OK)
        return true;
    log_write(&conn_port(c)->log, PP_LOG_WARN, "connection %llu of process %lu, user %s: %s",
              (unsigned long long)c->id, (unsigned long)peer->process_id,
              peer->user[0] ? peer->user : "unknown", reason);
    conn_close_for(c, status);
    return false;
}
