/*
 * The service echo: each client gets back what it sends.
 *
 * A client that does not read: its queue fills, the send is refused, and the refusal, passed on,
 * pauses reading from it. What was refused is still with the connection and comes again on resume.
 * Without on_end the connection closes gracefully once a client has ended its sending: the client
 * gets the rest of its answers, and then the end.
 */
#include "server/service.h"
#include "server/session.h"

static pp_status echo__send_back(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    return session_send(conn, data, length);
}

static void echo__resume(pp_conn *conn, void *user)
{
    (void)user;
    pp_conn_resume(conn);
}

const service service_echo = {
    .name = "echo",
    .help = "sends every message back",
    .handlers = {.on_message = echo__send_back, .on_writable = echo__resume},
    .on_datagram = service_take_datagram, /* a datagram has no sender to answer */
};
