/*
 * What may end a connection by itself: time-outs and directions; and that the others go on.
 */
#include "kit.h"

TEST_CASE(a_client_that_says_nothing_is_ended)
{
    rig *r = rig_open(2, PP_MODE_STREAM);
    HANDLE silent, talking;
    ULONGLONG began;

    r->listen.conn.first_byte_timeout_ms = 400;
    began = GetTickCount64();
    silent = rig_client(r);
    talking = rig_client(r);
    kit_write(talking, "x", 1);
    kit_expect(talking, "x", 1);
    wait_for(r->counts.closed, 1);
    assert_true(GetTickCount64() - began >= 380);
    assert_status(r->counts.reason, PP_E_FIRST_BYTE_TIMEOUT);
    assert_int_equal(kit_stats(r->port).timeouts, 1);
    assert_int_equal(kit_stats(r->port).connections_ended[PP_E_FIRST_BYTE_TIMEOUT], 1);
    assert_false(kit_wait_ms(&r->counts.closed, 2, 600)); /* the other spoke in time */
    kit_write(talking, "x", 1);
    kit_expect(talking, "x", 1);
    CloseHandle(silent);
    CloseHandle(talking);
    rig_close(r);
}

TEST_CASE(an_idle_connection_is_ended_and_a_busy_one_is_not)
{
    rig *r = rig_open(2, PP_MODE_STREAM);
    HANDLE idle, busy;
    ULONGLONG began;
    uint64_t other_calls;

    r->listen.conn.idle_timeout_ms = 500;
    idle = rig_client(r);
    busy = rig_client(r);
    kit_write(idle, "x", 1);
    kit_expect(idle, "x", 1);
    began = GetTickCount64();
    other_calls = kit_stats(r->port).kernel_other;
    while (GetTickCount64() - began < 1500) { /* each message moves the deadline */
        kit_write(busy, "x", 1);
        kit_expect(busy, "x", 1);
        assert_true(kit_wait_ms(&r->counts.opened, 2, 1000));
    }
    assert_int_equal(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_IDLE_TIMEOUT);
    /* Moving it costs no kernel call: those were for closing the idle one and making another. */
    assert_true(kit_stats(r->port).kernel_other - other_calls < 20);
    wait_for(r->counts.closed, 2); /* now it is idle, too */
    assert_int_equal(r->counts.reasons[PP_E_IDLE_TIMEOUT], 2);
    CloseHandle(idle);
    CloseHandle(busy);
    rig_close(r);
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
    rig *r = rig_open(2, PP_MODE_STREAM);
    HANDLE pipe;

    r->listen.conn.direction = PP_DIRECTION_INBOUND;
    r->listen.conn.handlers.on_message = try_to_answer;
    pipe = rig_client(r);
    kit_write(pipe, "report", 6);
    wait_for(r->counts.messages, 1);
    assert_int_equal(refused_by_direction, 1);
    CloseHandle(pipe);
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_PEER_CLOSED);
    rig_close(r);
}

static void greet(pp_conn *conn, void *user)
{
    pp_conn_send(conn, "news", 4);
    kit_add(&((kit_counts *)user)->opened, 1);
}

TEST_CASE(an_outbound_listener_sees_leaving_and_ends_who_sends)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        rig *r = rig_open(2, (pp_mode)mode);
        HANDLE quiet, talking;

        r->listen.conn.direction = PP_DIRECTION_OUTBOUND;
        r->listen.conn.handlers.on_open = greet;
        quiet = rig_client(r);
        talking = rig_client(r);
        wait_for(r->counts.opened, 2);
        kit_write(talking, "\0\0\0\0", 4);
        wait_for(r->counts.closed, 1);
        assert_status(r->counts.reason, PP_E_DIRECTION);
        kit_expect(quiet, mode == PP_MODE_FRAMED ? "\4\0\0\0news" : "news",
                   mode == PP_MODE_FRAMED ? 8 : 4);
        CloseHandle(quiet);
        wait_for(r->counts.closed, 2);
        assert_status(r->counts.reason, PP_E_PEER_CLOSED);
        assert_int_equal(r->counts.messages, 0);
        CloseHandle(talking);
        rig_close(r);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(a_client_that_says_nothing_is_ended),
    TEST(an_idle_connection_is_ended_and_a_busy_one_is_not),
    TEST(an_inbound_listener_sees_its_clients_leave_and_sends_nothing),
    TEST(an_outbound_listener_sees_leaving_and_ends_who_sends),
};

HARNESS_MAIN(tests)
