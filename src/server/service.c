#include "server/service.h"

/*
 * A client that does not read: its queue fills, the send is refused, and the refusal, passed on,
 * pauses reading from it. What was refused is still with the connection and comes again on resume.
 */
static pp_status service__echo(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    return pp_conn_send(conn, data, length);
}

static void service__go_on(pp_conn *conn, void *user)
{
    (void)user;
    pp_conn_resume(conn);
}

static pp_status service__swallow(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)conn, (void)user, (void)data, (void)length;
    return PP_OK; /* the port has counted it */
}

/* Neither has on_end: a client that ends its sending gets what is owed to it, and then the end. */
const service service_table[SERVICE_COUNT] = {
    {"echo",
     "sends every message back",
     {.on_message = service__echo, .on_writable = service__go_on}},
    {"sink", "takes messages and counts them", {.on_message = service__swallow}},
};

pp_status service_take_datagram(void *user, const void *data, size_t length)
{
    (void)user, (void)data, (void)length;
    return PP_OK;
}
