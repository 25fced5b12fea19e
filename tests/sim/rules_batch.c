/*
 * Rules of batches. What one batch of callbacks queues leaves in one write. The library lets a
 * write wait only while callbacks are quick, so it takes a clock on which they take no time: that
 * of a busy machine never stands still. But a write does not wait where there is no time to drain.
 */
#include "rules.h"

#include <string.h>

enum { BATCH__POSTED = 20, BATCH__FOREIGN = 10, BATCH__SENDS = 2 * BATCH__POSTED + BATCH__FOREIGN };

/* A function that posts others, all of which send, while another thread sends, too. */
typedef struct batch {
    pp_port *port;
    pp_conn *conn;
    HANDLE began, sent;
    uint64_t first_ns, last_ns; /* when it began, and its last callback ended */
} batch;

static void batch__send(void *user, pp_status status)
{
    batch *b = user;

    rule_expect("the status of a posted function", status, PP_OK);
    rule_expect("a send", pp_conn_send(b->conn, "x", 1), PP_OK);
    b->last_ns = sim_now_ns();
}

static void batch__begin(void *user, pp_status status)
{
    batch *b = user;

    b->first_ns = sim_now_ns();
    for (int i = 0; i < BATCH__POSTED; i++) {
        batch__send(b, status); /* the connection's turn is due before most of the functions */
        rule_expect("a post", pp_port_post(b->port, batch__send, b), PP_OK);
    }
    SetEvent(b->began);
    WaitForSingleObject(b->sent, INFINITE);
}

static pp_port *batch__open(void)
{
    pp_port_options options;
    pp_port *port;

    pp_port_options_init(&options);
    options.workers = 1;
    rule_expect("pp_port_open", pp_port_open(&port, &options, NULL), PP_OK);
    return port;
}

static pp_conn *batch__dial(pp_port *port, pp_mode mode, uint64_t drain_ms)
{
    pp_dial_options dial;
    pp_conn *conn;

    pp_dial_options_init(&dial);
    dial.name = "rule";
    dial.conn.mode = mode;
    dial.conn.drain_timeout_ms = drain_ms;
    rule_expect("pp_dial", pp_dial(port, &dial, &conn, NULL), PP_OK);
    sim_sleep(100);
    return conn;
}

static void batch__leaves_at_once(void)
{
    rule_server server;
    pp_listen_options listen;
    pp_stats stats;
    batch b = {0};

    rule_open(&server);
    rule_prepare(&server, &listen);
    listen.conn.mode = sim_chance(2) ? PP_MODE_STREAM : PP_MODE_FRAMED;
    rule_expect("pp_listen", rule_listen(&server, &listen), PP_OK);
    b.port = batch__open();
    b.conn = batch__dial(b.port, listen.conn.mode, 1000);
    b.began = CreateEventW(NULL, TRUE, FALSE, NULL);
    b.sent = CreateEventW(NULL, TRUE, FALSE, NULL);
    rule_expect("the first post", pp_port_post(b.port, batch__begin, &b), PP_OK);
    WaitForSingleObject(b.began, INFINITE);
    for (int i = 0; i < BATCH__FOREIGN; i++)
        batch__send(&b, PP_OK);
    SetEvent(b.sent);
    sim_sleep(1000);
    pp_port_stats(b.port, &stats);
    rule_expect("messages sent", stats.messages_out, BATCH__SENDS);
    if (b.last_ns == b.first_ns) /* under some seeds time passes at any point */
        rule_expect("writes", stats.operations_write, 1);
    CloseHandle(b.began);
    CloseHandle(b.sent);
    pp_conn_unref(&b.conn);
    pp_port_close(&b.port);
    rule_close(&server);
}

/* ---- No time to drain ------------------------------------------------------------------------ */

enum { BATCH__CLOSED = 8 };

static void batch__close_at_once(void)
{
    rule_server server;
    pp_listen_options listen;
    pp_conn *all[BATCH__CLOSED];
    pp_port *port = batch__open();

    rule_open(&server);
    rule_prepare(&server, &listen);
    rule_expect("pp_listen", rule_listen(&server, &listen), PP_OK);
    for (int i = 0; i < BATCH__CLOSED; i++)
        all[i] = batch__dial(port, PP_MODE_MESSAGE, 0);
    for (int i = 0; i < BATCH__CLOSED; i++) {
        rule_expect("a send", pp_conn_send(all[i], "x", 1), PP_OK);
        rule_expect("a close", pp_conn_close(all[i]), PP_OK);
        pp_conn_unref(&all[i]);
    }
    sim_sleep(1000);
    rule_expect("messages that came", server.answered, BATCH__CLOSED);
    pp_port_close(&port);
    rule_close(&server);
}

static const rule batch__rules[] = {
    {"what one batch queues leaves in one write", batch__leaves_at_once},
    {"a close without time to drain writes what was sent", batch__close_at_once},
};

const rule_table batch_rules = {batch__rules, sizeof batch__rules / sizeof *batch__rules};
