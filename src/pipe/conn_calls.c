/*
 * What users call on a connection, from any thread that holds a reference. Nothing here touches
 * what belongs to the turn: it queues, or asks for a turn.
 */
#include "base/mem.h"
#include "base/options.h"
#include "pipe/conn.h"

void pp_conn_options_init(pp_conn_options *options)
{
    if (!options)
        return;
    *options = (pp_conn_options){0};
    option_set_defaults(&option_conn_table, options);
}

/* Something was queued or asked for: the turn that is running here sees it anyway. */
static void conn__look(pp_conn *c)
{
    if (!strand_is_here(&c->strand))
        strand_raise(&c->strand, CONN_LOOK);
}

static bool conn__empty_is_end(const pp_conn *c)
{
    return c->options.mode == PP_MODE_MESSAGE && c->options.half_close;
}

pp_status pp_conn_send(pp_conn *c, const void *data, size_t length)
{
    pp_status status;

    if (!c || (!data && length > 0) || (length == 0 && conn__empty_is_end(c)))
        return PP_E_ARGUMENT;
    status = queue_send(&c->queue, data, length);
    if (status == PP_OK || status == PP_E_AGAIN)
        conn__look(c);
    return status;
}

pp_status pp_conn_send_buffer(pp_conn *c, pp_buffer *buffer)
{
    pp_status status;

    if (!c || !buffer || (pp_buffer_size(buffer) == 0 && conn__empty_is_end(c)))
        return PP_E_ARGUMENT;
    status = queue_send_shared(&c->queue, buffer);
    if (status == PP_OK || status == PP_E_AGAIN)
        conn__look(c);
    return status;
}

pp_status pp_conn_end_sending(pp_conn *c)
{
    pp_status status;

    if (!c || (c->options.mode != PP_MODE_FRAMED && !conn__empty_is_end(c) && !c->is_socket))
        return PP_E_ARGUMENT;
    status = queue_end(&c->queue);
    if (status == PP_OK)
        conn__look(c);
    return status;
}

/* The connection has ended: there is nothing to ask of it any more. */
static bool conn__is_over(const pp_conn *c)
{
    return c->over != 0;
}

bool pp_conn_writable(pp_conn *c)
{
    return c && queue_is_writable(&c->queue);
}

size_t pp_conn_queued(pp_conn *c)
{
    return c ? queue_bytes(&c->queue) : 0;
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
    strand_raise(&c->strand, CONN_LOOK);
    return PP_OK;
}

pp_status pp_conn_close(pp_conn *c)
{
    if (!c)
        return PP_E_ARGUMENT;
    if (conn__is_over(c))
        return PP_E_CLOSING;
    InterlockedExchange(&c->closing, 1);
    queue_close(&c->queue);
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
    queue_close(&c->queue);
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
    mem_free(c->peer);
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
