/*
 * What users call on a connection, from any thread that holds a reference. These functions touch
 * nothing that belongs to the turn: they queue, or ask for a turn.
 */
#include "base/mem.h"
#include "pipe/conn_admit.h"

/* Something was queued or asked for. If the connection's turn runs on this thread, it will see that
 * anyway. */
static void conn__raise_again(pp_conn *c)
{
    if (!strand_is_here(&c->strand))
        strand_raise(&c->strand, CONN_AGAIN);
}

static bool conn__empty_is_end(const pp_conn *c)
{
    return c->settings.mode == PP_MODE_MESSAGE && c->settings.half_close;
}

pp_status pp_conn_send(pp_conn *c, const void *data, size_t length)
{
    pp_status status;

    if (!c || (!data && length > 0) || (length == 0 && conn__empty_is_end(c)))
        return PP_E_ARGUMENT;
    status = outbox_send(&c->outbox, data, length);
    if (status == PP_OK || status == PP_E_AGAIN)
        conn__raise_again(c);
    return status;
}

pp_status pp_conn_send_buffer(pp_conn *c, pp_buffer *buffer)
{
    pp_status status;

    if (!c || !buffer || (pp_buffer_size(buffer) == 0 && conn__empty_is_end(c)))
        return PP_E_ARGUMENT;
    status = outbox_send_shared(&c->outbox, buffer);
    if (status == PP_OK || status == PP_E_AGAIN)
        conn__raise_again(c);
    return status;
}

pp_status pp_conn_end_sending(pp_conn *c)
{
    pp_status status;

    if (!c || (c->settings.mode != PP_MODE_FRAMED && !conn__empty_is_end(c) &&
               !transport_is_socket(&c->transport)))
        return PP_E_ARGUMENT;
    status = outbox_end(&c->outbox);
    if (status == PP_OK)
        conn__raise_again(c);
    return status;
}

/* on_close has returned: nobody can ask anything of the connection any more. */
static bool conn__is_over(const pp_conn *c)
{
    return c->over != 0;
}

bool pp_conn_writable(pp_conn *c)
{
    return c && outbox_is_writable(&c->outbox);
}

size_t pp_conn_queued(pp_conn *c)
{
    return c ? outbox_bytes(&c->outbox) : 0;
}

pp_status pp_conn_pause(pp_conn *c)
{
    if (!c)
        return PP_E_ARGUMENT;
    if (conn__is_over(c))
        return PP_E_CLOSING;
    gate_shut(&c->gate);
    return PP_OK;
}

pp_status pp_conn_resume(pp_conn *c)
{
    if (!c)
        return PP_E_ARGUMENT;
    if (conn__is_over(c))
        return PP_E_CLOSING;
    gate_open(&c->gate);
    strand_raise(&c->strand, CONN_AGAIN);
    return PP_OK;
}

pp_status pp_conn_close(pp_conn *c)
{
    if (!c)
        return PP_E_ARGUMENT;
    if (conn__is_over(c))
        return PP_E_CLOSING;
    InterlockedExchange(&c->closing, 1);
    outbox_close(&c->outbox);
    strand_raise(&c->strand, CONN_CLOSE);
    return PP_OK;
}

pp_status pp_conn_abort(pp_conn *c)
{
    if (!c)
        return PP_E_ARGUMENT;
    if (conn__is_over(c))
        return PP_E_CLOSING;
    InterlockedExchange(&c->closing, 1);
    outbox_close(&c->outbox);
    strand_raise(&c->strand, CONN_DROP);
    return PP_OK;
}

void pp_conn_ref(pp_conn *c)
{
    if (c)
        InterlockedIncrement(&c->refs);
}

void pp_conn_unref(pp_conn **conn)
{
    pp_conn *c = conn ? *conn : NULL;

    if (!c)
        return;
    *conn = NULL;
    if (InterlockedDecrement(&c->refs) > 0)
        return;
    peer_free(&c->peer);
    mem_free(c);
}

void *pp_conn_user(pp_conn *c)
{
    return c ? c->user : NULL;
}

void pp_conn_set_user(pp_conn *c, void *user)
{
    if (c)
        c->user = user;
}

uint64_t pp_conn_id(pp_conn *c)
{
    return c ? c->id : 0;
}

pp_status pp_conn_peer(pp_conn *c, pp_peer *peer)
{
    if (!c || !peer)
        return PP_E_ARGUMENT;
    if (strand_is_here(&c->strand) && c->heard && conn_is_live(c))
        conn_ask_user(c);
    if (peer_copy(&c->peer, peer))
        return PP_OK;
    return c->over ? PP_E_CLOSING : PP_E_AGAIN;
}
