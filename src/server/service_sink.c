/*
 * The service sink: takes what clients send. The port counts it.
 */
#include "server/service.h"

static pp_status sink__take(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)conn, (void)user, (void)data, (void)length;
    return PP_OK;
}

const service service_sink = {
    .name = "sink",
    .help = "takes messages and counts them",
    .handlers = {.on_message = sink__take},
    .on_datagram = service_take_datagram,
};
