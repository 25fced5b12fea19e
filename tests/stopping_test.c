/*
 * A port that stops gives each connection its time: to deliver what was read, and then to hand over
 * what was sent.
 */
#include "kit.h"

enum { TIME = 3000, LONG_TEXT = 300 * 1024 };

typedef struct host {
    kit_counts counts;
    pp_conn *conn; /* a reference, from the first message on */
    volatile LONG asked;
} host;

static const char text[LONG_TEXT];

/* Sends a long text, and takes the message at the second time. */
static pp_status host_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    host *h = user;
    bool first = h->asked == 0;

    (void)data, (void)length;
    if (first) {
        pp_conn_ref(conn);
        h->conn = conn;
        if (pp_conn_send(conn, text, LONG_TEXT) != PP_OK)
            return PP_E_MEMORY;
    }
    kit_add(&h->asked, 1);
    return first ? PP_E_AGAIN : PP_OK;
}

/* To deliver takes most of the time; to hand over has the rest. */
TEST_CASE(a_stop_gives_each_connection_its_time_once)
{
    pp_port *port = kit_port(2);
    host h = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, NULL);
    ULONGLONG began;
    HANDLE pipe;

    options.pipe_buffer = 4096;
    options.conn.drain_timeout_ms = TIME;
    options.conn.handlers = kit_counting();
    options.conn.handlers.on_message = host_message;
    options.conn.user = &h;
    kit_listen(port, &options);
    pipe = kit_open(options.name, false);
    kit_write(pipe, "x", 1);
    wait_for(h.asked, 1);
    began = GetTickCount64();
    assert_ok(pp_port_stop(port));
    assert_false(kit_wait_ms(&h.counts.closed, 1, TIME * 2 / 3));
    assert_ok(pp_conn_resume(h.conn));
    wait_for(h.counts.closed, 1);
    assert_in_range(GetTickCount64() - began, TIME - 20, TIME * 3 / 2);
    assert_status(h.counts.reason, PP_E_DRAIN_TIMEOUT);
    assert_int_equal(h.asked, 2);
    CloseHandle(pipe);
    pp_conn_unref(&h.conn);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(a_stop_gives_each_connection_its_time_once),
};

HARNESS_MAIN(tests)
