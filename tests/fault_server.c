/*
 * A server with a fault, to see whether a load generator notices. `fault_server PIPE FAULT [MODE]`,
 * where MODE is stream (0), message (1) or framed (2), and FAULT
 *     late     answers each message after 20 ms
 *     flip     changes one byte of the 100th message, and echoes the others
 *     stall    takes nothing for one second, once, from its second message on
 *     twice    answers its 100th message twice
 *     drip     answers one message in a second
 * Says "ready", and serves until it is killed.
 */
#include "pipeport.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT__LATE_MS 20
#define FAULT__STALL_MS 1000
#define FAULT__MESSAGE 100

static pp_port *fault__port;
static long fault__messages; /* with one worker no two callbacks run at once */

/* A reply that waits for its time. */
typedef struct fault__reply {
    pp_conn *conn;
    size_t length;
    char data[];
} fault__reply;

static void fault__answer(void *user, pp_status status)
{
    fault__reply *reply = user;

    (void)status;
    pp_conn_send(reply->conn, reply->data, reply->length);
    pp_conn_unref(&reply->conn);
    free(reply);
}

static pp_status fault__late(pp_conn *conn, void *user, const void *data, size_t length)
{
    fault__reply *reply = malloc(sizeof *reply + length);

    (void)user;
    if (!reply)
        return PP_E_MEMORY;
    pp_conn_ref(conn);
    reply->conn = conn;
    reply->length = length;
    memcpy(reply->data, data, length);
    return pp_port_after(fault__port, FAULT__LATE_MS, fault__answer, reply, NULL);
}

static pp_status fault__flip(pp_conn *conn, void *user, const void *data, size_t length)
{
    char *copy;
    pp_status status;

    (void)user;
    if (++fault__messages != FAULT__MESSAGE)
        return pp_conn_send(conn, data, length);
    copy = malloc(length);
    if (!copy)
        return PP_E_MEMORY;
    memcpy(copy, data, length);
    copy[length / 2] ^= 1;
    status = pp_conn_send(conn, copy, length);
    free(copy);
    return status;
}

static pp_status fault__twice(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    if (++fault__messages == FAULT__MESSAGE)
        pp_conn_send(conn, data, length);
    return pp_conn_send(conn, data, length);
}

static void fault__resume(void *user, pp_status status)
{
    pp_conn *conn = user;

    (void)status;
    pp_conn_resume(conn);
    pp_conn_unref(&conn);
}

static pp_status fault__stall(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    if (++fault__messages != 2)
        return pp_conn_send(conn, data, length);
    pp_conn_ref(conn);
    pp_port_after(fault__port, FAULT__STALL_MS, fault__resume, conn, NULL);
    return PP_E_AGAIN; /* it comes again on resume */
}

static pp_status fault__drip(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    if (++fault__messages % 2 == 0)
        return pp_conn_send(conn, data, length);
    pp_conn_ref(conn);
    pp_port_after(fault__port, FAULT__STALL_MS, fault__resume, conn, NULL);
    return PP_E_AGAIN; /* it comes again on resume */
}

static const struct {
    const char *name;
    pp_status (*on_message)(pp_conn *conn, void *user, const void *data, size_t length);
} fault__table[] = {
    {"late", fault__late},   {"flip", fault__flip}, {"stall", fault__stall},
    {"twice", fault__twice}, {"drip", fault__drip},
};

int main(int argc, char **argv)
{
    pp_port_options options;
    pp_listen_options listen;
    pp_error error;

    pp_port_options_init(&options);
    options.workers = 1;
    pp_listen_options_init(&listen);
    for (size_t i = 0; argc > 2 && i < sizeof fault__table / sizeof *fault__table; i++)
        if (strcmp(argv[2], fault__table[i].name) == 0)
            listen.conn.handlers.on_message = fault__table[i].on_message;
    if (!listen.conn.handlers.on_message) {
        fprintf(stderr, "fault_server PIPE FAULT [MODE]\n");
        return 2;
    }
    listen.name = argv[1];
    listen.conn.mode = argc > 3 ? (pp_mode)atoi(argv[3]) : PP_MODE_STREAM;
    if (pp_port_open(&fault__port, &options, &error) != PP_OK ||
        pp_listen(fault__port, &listen, NULL, &error) != PP_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    pp_port_wait(fault__port);
    return 0;
}
