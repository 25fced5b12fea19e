/*
 * The three modes: what a message is in each, and what ends a connection.
 */
#include "run_kit.h"

#include <stdlib.h>

static void check_echo(pp_mode mode, LONG clients, LONG messages)
{
    pp_port *port = kit_port(2);
    kit_counts counts = {0};
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, mode, &counts);
    pp_listener *listener = kit_listen(port, &listen);
    run *runs = calloc((size_t)clients, sizeof *runs);

    for (LONG i = 0; i < clients; i++) {
        pp_dial_options dial = kit_dial_options(name, mode, run_handlers, &runs[i]);

        runs[i] = (run){.mode = mode, .seed = (uint32_t)i, .total = messages, .go = true};
        assert_ok(pp_dial(port, &dial, NULL, NULL));
    }
    for (LONG i = 0; i < clients; i++) {
        wait_for(runs[i].received, messages);
        assert_int_equal(runs[i].wrong, 0);
        assert_int_equal(runs[i].bytes_received, runs[i].bytes_sent);
    }
    assert_ok(pp_listener_close(&listener));
    assert_null(listener);
    kit_close(&port);
    assert_int_equal(counts.closed, clients);
    free(runs);
}

TEST_CASE(stream_bytes_come_back_in_order)
{
    check_echo(PP_MODE_STREAM, 8, 200);
}

TEST_CASE(message_boundaries_are_kept_under_load)
{
    check_echo(PP_MODE_MESSAGE, 8, 200);
}

TEST_CASE(frames_come_back_whole_under_load)
{
    check_echo(PP_MODE_FRAMED, 8, 200);
}

TEST_CASE(messages_of_no_bytes_are_delivered)
{
    rig *r = rig_open(1, PP_MODE_MESSAGE);
    HANDLE pipe;
    DWORD read = 9;
    char buffer[16];

    pipe = rig_client(r);
    kit_write(pipe, "", 0);
    assert_true(ReadFile(pipe, buffer, sizeof buffer, &read, NULL));
    assert_int_equal(read, 0);
    kit_write(pipe, "x", 1);
    kit_expect(pipe, "x", 1);
    wait_for(r->counts.messages, 2);
    CloseHandle(pipe);
    wait_for(r->counts.closed, 1);
    rig_close(r);
}

TEST_CASE(a_message_longer_than_the_buffer_is_assembled)
{
    static char data[1024 * 1024];
    rig *r = rig_open(1, PP_MODE_MESSAGE);
    HANDLE pipe;

    r->listen.pipe_buffer = 4096;
    rig_listen(r);
    kit_fill(data, sizeof data, 1, 0);
    pipe = rig_client(r);
    kit_write(pipe, data, sizeof data);
    kit_expect(pipe, data, sizeof data);
    assert_int_equal(r->counts.messages, 1);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(one_byte_over_max_message_ends_that_connection_alone)
{
    static char data[5001];
    rig *r = rig_open(1, PP_MODE_MESSAGE);
    HANDLE good, bad;

    r->listen.conn.max_message = 5000;
    good = rig_client(r);
    bad = rig_client(r);
    kit_write(bad, data, 5001);
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_TOO_LONG);
    kit_write(good, data, 5000);
    kit_expect(good, data, 5000);
    assert_int_equal(kit_stats(r->port).connections_ended[PP_E_TOO_LONG], 1);
    CloseHandle(bad);
    CloseHandle(good);
    rig_close(r);
}

TEST_CASE(a_client_that_transacts_is_served)
{
    rig *r = rig_open(1, PP_MODE_MESSAGE);
    HANDLE pipe;
    char reply[64];
    DWORD read;

    pipe = rig_client(r);
    for (int i = 0; i < 100; i++) {
        char request[16] = "request";

        request[7] = (char)('0' + i % 10);
        assert_true(TransactNamedPipe(pipe, request, 8, reply, sizeof reply, &read, NULL));
        assert_int_equal(read, 8);
        assert_memory_equal(reply, request, 8);
    }
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(what_a_client_left_behind_is_read)
{
    rig *r = rig_open(1, PP_MODE_MESSAGE);

    r->listen.conn.handlers = kit_counting();
    rig_listen(r);
    for (int i = 0; i < 100; i++) {
        HANDLE pipe = rig_client(r);

        kit_write(pipe, "gone", 4);
        CloseHandle(pipe);
    }
    wait_for(r->counts.closed, 100);
    assert_int_equal(r->counts.messages, 100);
    assert_int_equal(r->counts.bytes, 400);
    assert_int_equal(r->counts.reasons[PP_E_PEER_CLOSED], 100);
    rig_close(r);
}

static pp_status answer_anyway(pp_conn *conn, void *user, const void *data, size_t length)
{
    pp_conn_send(conn, data, length); /* perhaps nobody is there */
    kit_add(&((kit_counts *)user)->messages, 1);
    return PP_OK;
}

TEST_CASE(what_was_sent_is_read_though_no_answer_can_be)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_MESSAGE; mode++) {
        rig *r = rig_open(1, (pp_mode)mode);
        HANDLE pipe;

        r->listen.conn.handlers.on_message =
            mode == PP_MODE_MESSAGE ? answer_anyway : kit_counting().on_message;
        rig_listen(r);
        for (int round = 0; round < 20; round++) {
            pipe = rig_client(r);
            for (int i = 0; i < 100; i++)
                kit_write(pipe, "gone soon", 9);
            CloseHandle(pipe);
        }
        wait_for(r->counts.closed, 20);
        assert_int_equal(r->counts.reasons[PP_E_PEER_CLOSED], 20);
        if (mode == PP_MODE_MESSAGE)
            assert_int_equal(r->counts.messages, 2000);
        else
            assert_int_equal(r->counts.bytes, 2000 * 9);
        rig_close(r);
    }
}

TEST_CASE(clients_that_come_and_leave_do_not_stop_the_listener)
{
    rig *r = rig_open(2, PP_MODE_STREAM);
    HANDLE pipe;

    rig_listen(r);
    for (int i = 0; i < 500; i++)
        CloseHandle(rig_client(r));
    pipe = rig_client(r);
    kit_write(pipe, "still here", 10);
    kit_expect(pipe, "still here", 10);
    CloseHandle(pipe);
    wait_for(r->counts.closed, 501);
    assert_int_equal(r->counts.reasons[PP_E_PEER_CLOSED], 501);
    assert_int_equal(kit_stats(r->port).accept_errors, 0);
    rig_close(r);
}

/* on_message that takes nothing before `allowed`. */
typedef struct gate {
    volatile LONG allowed, offered, taken, bytes, closed;
    pp_conn *conn;
} gate;

static void gate_open(pp_conn *conn, void *user)
{
    ((gate *)user)->conn = conn;
    pp_conn_ref(conn);
}

static pp_status gate_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    gate *g = user;

    (void)conn, (void)data;
    kit_add(&g->offered, 1);
    if (!g->allowed)
        return PP_E_AGAIN;
    InterlockedExchangeAdd(&g->bytes, (LONG)length);
    kit_add(&g->taken, 1);
    return PP_OK;
}

static void gate_close(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn, (void)reason;
    kit_add(&((gate *)user)->closed, 1);
}

TEST_CASE(a_paused_connection_reads_again_when_resumed)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        pp_port *port = kit_port(1);
        gate g = {0};
        const char *name = kit_name();
        pp_listen_options listen = kit_listen_options(name, (pp_mode)mode, NULL);
        kit_counts client = {0};
        pp_dial_options dial = kit_dial_options(name, (pp_mode)mode, kit_counting(), &client);
        pp_conn *conn;

        listen.conn.handlers =
            (pp_handlers){.on_open = gate_open, .on_message = gate_message, .on_close = gate_close};
        listen.conn.user = &g;
        kit_listen(port, &listen);
        assert_ok(pp_dial(port, &dial, &conn, NULL));
        assert_ok(pp_conn_send(conn, "abc", 3));
        wait_for(g.offered, 1);
        assert_int_equal(g.taken, 0);
        assert_ok(pp_conn_resume(g.conn));
        wait_for(g.offered, 2);
        g.allowed = 1;
        assert_ok(pp_conn_resume(g.conn));
        wait_for(g.taken, 1);
        assert_int_equal(g.bytes, 3);
        assert_ok(pp_conn_send(conn, "defg", 4));
        wait_for(g.taken, 2);
        assert_int_equal(g.bytes, 7);
        pp_conn_unref(&conn);
        pp_conn_unref(&g.conn);
        kit_close(&port);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(stream_bytes_come_back_in_order),
    TEST(message_boundaries_are_kept_under_load),
    TEST(frames_come_back_whole_under_load),
    TEST(messages_of_no_bytes_are_delivered),
    TEST(a_message_longer_than_the_buffer_is_assembled),
    TEST(one_byte_over_max_message_ends_that_connection_alone),
    TEST(a_client_that_transacts_is_served),
    TEST(what_a_client_left_behind_is_read),
    TEST(what_was_sent_is_read_though_no_answer_can_be),
    TEST(clients_that_come_and_leave_do_not_stop_the_listener),
    TEST(a_paused_connection_reads_again_when_resumed),
};

HARNESS_MAIN(tests)
