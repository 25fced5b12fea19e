#include "pipe/conn.h"

#include "base/error.h"
#include "iocp/callback.h"

#include <assert.h>

/* ---- How it ends ---------------------------------------------------------------------------- */

void conn_close_for(pp_conn *c, pp_status reason)
{
    assert(strand_is_here(&c->strand));
    if (!conn_is_live(c))
        return;
    c->state = CONN_CLOSING;
    c->reason = (unsigned)reason < PP_STATUS_COUNT ? reason : PP_E_ARGUMENT; /* a handler's */
    outbox_close(&c->outbox);
    transport_cancel(&c->transport);
}

void conn_close_done(pp_conn *c)
{
    conn_close_for(c, c->writes_are_lost ? PP_E_PEER_CLOSED : PP_OK);
}

void conn_close_for_error(pp_conn *c, DWORD error, const char *what)
{
    pp_status status = error_from_windows(error);

    if (conn_is_live(c) && status != PP_E_PEER_CLOSED)
        log_write(&conn_port(c)->log, PP_LOG_WARN, "connection %llu: %s failed: Windows error %lu",
                  (unsigned long long)c->id, what, (unsigned long)error);
    conn_close_for(c, status);
}

void conn_drain(pp_conn *c)
{
    if (c->state >= CONN_DRAINING)
        return;
    if (c->state == CONN_DIALLING) {
        conn_close_for(c, PP_E_ABORTED); /* no other end exists */
        return;
    }
    if (c->state != CONN_WINDING)
        c->clock.drain_deadline = clock_ms() + c->settings.drain_timeout_ms;
    c->state = CONN_DRAINING;
    outbox_close(&c->outbox);
}

/* A close or an abort ends our sending, too, but has an event of its own. */
void conn_drain_if_both_ended(pp_conn *c)
{
    if (intake_has_ended(&c->intake) && c->state == CONN_OPEN && outbox_has_ended(&c->outbox) &&
        !c->closing)
        conn_drain(c);
}

/* ---- Callbacks ------------------------------------------------------------------------------ */

void conn_callback_begins(pp_conn *c)
{
    c->strand.here->callback_began = clock_ns();
}

void conn_callback_ended(pp_conn *c, const char *which)
{
    uint64_t took = callback_took(conn_port(c), &c->strand.here->callback_began);
    const pp_peer *peer = peer_known(&c->peer);

    if (took > 0)
        log_write(&conn_port(c)->log, PP_LOG_WARN,
                  "connection %llu of process %lu, user %s: %s took %llu ms, longer than "
                  "slow_callback_ms",
                  (unsigned long long)c->id, (unsigned long)peer->process_id,
                  peer->user[0] ? peer->user : "not asked for", which, (unsigned long long)took);
}
