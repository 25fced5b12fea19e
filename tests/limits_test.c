/*
 * What may end a connection by itself: time-outs, directions, the end of sending; and that the
 * others go on.
 */
#include "kit.h"

typedef struct bench {
    pp_port *port;
    const char *name;
    kit_counts counts;
} bench;

static void bench_open(bench *b, pp_listen_options *options, const char *name)
{
    b->name = name;
    b->port = kit_port(2);
    options->conn.user = &b->counts;
    kit_listen(b->port, options);
}

static void bench_close(bench *b)
{
    kit_close(&b->port);
}

TEST_CASE(a_client_that_says_nothing_is_ended)
{
    bench b = {0};
    const char *name = kit_name();
    pp_listen_options options = kit_listen_options(name, PP_MODE_STREAM, NULL);
    HANDLE silent, talking;
    ULONGLONG began;

    options.conn.first_byte_timeout_ms = 400;
    bench_open(&b, &options, name);
    began = GetTickCount64();
    silent = kit_open(name, false);
    talking = kit_open(name, false);
    kit_write(talking, "x", 1);
    kit_expect(talking, "x", 1);
    wait_for(b.counts.closed, 1);
    assert_true(GetTickCount64() - began >= 380);
    assert_status(b.counts.reason, PP_E_FIRST_BYTE_TIMEOUT);
    assert_int_equal(kit_stats(b.port).timeouts, 1);
    assert_int_equal(kit_stats(b.port).connections_ended[PP_E_FIRST_BYTE_TIMEOUT], 1);
    assert_false(kit_wait_ms(&b.counts.closed, 2, 600)); /* the other spoke in time */
    kit_write(talking, "x", 1);
    kit_expect(talking, "x", 1);
    CloseHandle(silent);
    CloseHandle(talking);
    bench_close(&b);
}

TEST_CASE(an_idle_connection_is_ended_and_a_busy_one_is_not)
{
    bench b = {0};
    const char *name = kit_name();
    pp_listen_options options = kit_listen_options(name, PP_MODE_STREAM, NULL);
    HANDLE idle, busy;
    ULONGLONG began;
    uint64_t other_calls;

    options.conn.idle_timeout_ms = 500;
    bench_open(&b, &options, name);
    idle = kit_open(name, false);
    busy = kit_open(name, false);
    kit_write(idle, "x", 1);
    kit_expect(idle, "x", 1);
    began = GetTickCount64();
    other_calls = kit_stats(b.port).kernel_other;
    while (GetTickCount64() - began < 1500) { /* each message moves the deadline */
        kit_write(busy, "x", 1);
        kit_expect(busy, "x", 1);
        assert_true(kit_wait_ms(&b.counts.opened, 2, 1000));
    }
    assert_int_equal(b.counts.closed, 1);
    assert_status(b.counts.reason, PP_E_IDLE_TIMEOUT);
    /* Moving it costs no kernel call: those were for closing the idle one and making another. */
    assert_true(kit_stats(b.port).kernel_other - other_calls < 20);
    wait_for(b.counts.closed, 2); /* now it is idle, too */
    assert_int_equal(b.counts.reasons[PP_E_IDLE_TIMEOUT], 2);
    CloseHandle(idle);
    CloseHandle(busy);
    bench_close(&b);
}

static volatile LONG refused_by_direction;

static pp_status try_to_answer(pp_conn *conn, void *user, const void *data, size_t length)
{
    if (pp_conn_send(conn, data, length) == PP_E_DIRECTION)
        InterlockedIncrement(&refused_by_direction);
    kit_add(&((kit_counts *)user)->messages, 1);
    return PP_OK;
}

TEST_CASE(an_inbound_listener_sees_its_clients_leave_and_sends_nothing)
{
    bench b = {0};
    const char *name = kit_name();
    pp_listen_options options = kit_listen_options(name, PP_MODE_STREAM, NULL);
    HANDLE pipe;

    options.conn.direction = PP_DIRECTION_INBOUND;
    options.conn.handlers.on_message = try_to_answer;
    bench_open(&b, &options, name);
    pipe = kit_open(name, false);
    kit_write(pipe, "report", 6);
    wait_for(b.counts.messages, 1);
    assert_int_equal(refused_by_direction, 1);
    CloseHandle(pipe);
    wait_for(b.counts.closed, 1);
    assert_status(b.counts.reason, PP_E_PEER_CLOSED);
    bench_close(&b);
}

static void greet(pp_conn *conn, void *user)
{
    pp_conn_send(conn, "news", 4);
    kit_add(&((kit_counts *)user)->opened, 1);
}

TEST_CASE(an_outbound_listener_sees_leaving_and_ends_who_sends)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        bench b = {0};
        const char *name = kit_name();
        pp_listen_options options = kit_listen_options(name, (pp_mode)mode, NULL);
        HANDLE quiet, talking;

        options.conn.direction = PP_DIRECTION_OUTBOUND;
        options.conn.handlers.on_open = greet;
        bench_open(&b, &options, name);
        quiet = kit_open(name, mode == PP_MODE_MESSAGE);
        talking = kit_open(name, mode == PP_MODE_MESSAGE);
        wait_for(b.counts.opened, 2);
        kit_write(talking, "\0\0\0\0", 4);
        wait_for(b.counts.closed, 1);
        assert_status(b.counts.reason, PP_E_DIRECTION);
        kit_expect(quiet, mode == PP_MODE_FRAMED ? "\4\0\0\0news" : "news",
                   mode == PP_MODE_FRAMED ? 8 : 4);
        CloseHandle(quiet);
        wait_for(b.counts.closed, 2);
        assert_status(b.counts.reason, PP_E_PEER_CLOSED);
        assert_int_equal(b.counts.messages, 0);
        CloseHandle(talking);
        bench_close(&b);
    }
}

TEST_CASE(half_close_in_message_mode_gets_every_reply)
{
    bench b = {0};
    const char *name = kit_name();
    pp_listen_options options = kit_listen_options(name, PP_MODE_MESSAGE, NULL);
    kit_counts client = {0};
    pp_dial_options dial = kit_dial_options(name, PP_MODE_MESSAGE, kit_counting(), &client);
    pp_conn *conn;

    options.conn.half_close = dial.conn.half_close = true;
    bench_open(&b, &options, name);
    assert_ok(pp_dial(b.port, &dial, &conn, NULL));
    for (int i = 0; i < 100; i++)
        assert_ok(pp_conn_send(conn, "message", 7));
    assert_status(pp_conn_send(conn, NULL, 0), PP_E_ARGUMENT);
    assert_ok(pp_conn_end_sending(conn));
    assert_status(pp_conn_send(conn, "no", 2), PP_E_ENDED);
    wait_for(client.closed, 1);
    assert_int_equal(client.messages, 100);
    assert_int_equal(client.bytes, 700);
    assert_int_equal(b.counts.messages, 100);
    pp_conn_unref(&conn);
    bench_close(&b);
}

TEST_CASE(a_stream_has_no_end_of_sending)
{
    bench b = {0};
    const char *name = kit_name();
    pp_listen_options options = kit_listen_options(name, PP_MODE_STREAM, NULL);
    kit_counts client = {0};
    pp_dial_options dial = kit_dial_options(name, PP_MODE_STREAM, kit_counting(), &client);
    pp_conn *conn;

    bench_open(&b, &options, name);
    assert_ok(pp_dial(b.port, &dial, &conn, NULL));
    assert_status(pp_conn_end_sending(conn), PP_E_ARGUMENT);
    assert_ok(pp_conn_send(conn, NULL, 0));
    assert_ok(pp_conn_send(conn, "x", 1));
    wait_for(client.bytes, 1);
    pp_conn_unref(&conn);
    bench_close(&b);
}

static const struct CMUnitTest tests[] = {
    TEST(a_client_that_says_nothing_is_ended),
    TEST(an_idle_connection_is_ended_and_a_busy_one_is_not),
    TEST(an_inbound_listener_sees_its_clients_leave_and_sends_nothing),
    TEST(an_outbound_listener_sees_leaving_and_ends_who_sends),
    TEST(half_close_in_message_mode_gets_every_reply),
    TEST(a_stream_has_no_end_of_sending),
};

HARNESS_MAIN(tests)
