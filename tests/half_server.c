/*
 * A service in message mode in which a message of no bytes is the end of sending. `half_server
 * PIPE`: echoes each message, but for
 *     end      it declares its own end of sending, and still reads
 *     leave    it closes
 * and closes when its client sends no more. Says "ready", and serves until it is killed.
 */
#include "pipeport.h"

#include <stdio.h>
#include <string.h>

static pp_status half__on_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    if (length == 3 && memcmp(data, "end", 3) == 0)
        return pp_conn_end_sending(conn);
    if (length == 5 && memcmp(data, "leave", 5) == 0)
        return pp_conn_close(conn);
    return pp_conn_send(conn, data, length);
}

static void half__on_writable(pp_conn *conn, void *user)
{
    (void)user;
    pp_conn_resume(conn);
}

int main(int argc, char **argv)
{
    pp_port_options options;
    pp_listen_options listen;
    pp_error error;
    pp_port *port;

    pp_port_options_init(&options);
    pp_listen_options_init(&listen);
    listen.name = argc > 1 ? argv[1] : NULL;
    listen.conn.mode = PP_MODE_MESSAGE;
    listen.conn.half_close = true;
    listen.conn.handlers.on_message = half__on_message;
    listen.conn.handlers.on_writable = half__on_writable;
    if (pp_port_open(&port, &options, &error) != PP_OK ||
        pp_listen(port, &listen, NULL, &error) != PP_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    pp_port_wait(port);
    return 0;
}
