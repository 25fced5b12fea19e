/*
 * Connections that leave the pipe for a lane, and come back. Both ends are of one process.
 */
#include "kit.h"

enum { ROUNDS = 3000, LONGEST = 200000 };

/* A client that sends a message as soon as the answer to the one before has come. */
typedef struct talker {
    kit_counts counts;
    volatile LONG left, wrong;
    size_t size;
} talker;

static size_t size_of_round(const talker *t, LONG left)
{
    return t->size ? t->size : (size_t)left * 7919 % 300;
}

static void talk(pp_conn *conn, talker *t)
{
    static char data[LONGEST];
    size_t size = size_of_round(t, t->left);

    kit_fill(data, size, (uint32_t)t->left, 0);
    pp_conn_send(conn, data, size);
}

static void begin(pp_conn *conn, void *user)
{
    kit_add(&((talker *)user)->counts.opened, 1);
    talk(conn, user);
}

static pp_status go_on(pp_conn *conn, void *user, const void *data, size_t length)
{
    talker *t = user;

    if (length != size_of_round(t, t->left) || !kit_is_filled(data, length, (uint32_t)t->left, 0))
        InterlockedIncrement(&t->wrong);
    if (InterlockedDecrement(&t->left) > 0)
        talk(conn, t);
    return PP_OK;
}

static void end(pp_conn *conn, void *user, pp_status reason)
{
    talker *t = user;

    (void)conn;
    t->counts.reason = reason;
    kit_add(&t->counts.closed, 1);
}

static pp_conn *dial(rig *r, talker *t, pp_lane lane)
{
    pp_handlers handlers = {.on_open = begin, .on_message = go_on, .on_close = end};
    pp_dial_options options = kit_dial_options(r->name, PP_MODE_FRAMED, handlers, t);
    pp_conn *conn;

    options.conn.lane = lane;
    options.conn.max_message = LONGEST;
    assert_ok(pp_dial(r->port, &options, &conn, NULL));
    return conn;
}

static void await_answers(talker *t)
{
    wait_until(t->left <= 0 || kit_wait_ms(&t->counts.closed, 1, 1));
    assert_int_equal(t->left, 0);
    assert_int_equal(t->wrong, 0);
    assert_int_equal(t->counts.closed, 0);
}

static rig *rig_of_lanes(void)
{
    rig *r = rig_open(2, PP_MODE_FRAMED);

    r->listen.conn.max_message = LONGEST;
    return r;
}

TEST_CASE(a_busy_connection_goes_by_a_lane)
{
    rig *r = rig_of_lanes();
    talker t = {.left = ROUNDS};
    pp_conn *conn;
    pp_stats s;

    rig_listen(r);
    conn = dial(r, &t, PP_LANE_AUTO);
    await_answers(&t);
    s = kit_stats(r->port);
    assert_int_equal(s.lanes_now, 2); /* both ends are here */
    assert_int_equal(s.lanes_total, 2);
    assert_true(s.kernel_reads < ROUNDS);
    assert_true(s.lane_bytes_in > s.bytes_in / 2);
    assert_true(s.lane_bytes_out > s.bytes_out / 2);
    assert_ok(pp_conn_close(conn));
    wait_for(t.counts.closed, 1);
    wait_for(r->counts.closed, 1);
    assert_status(t.counts.reason, PP_OK);
    assert_status(r->counts.reason, PP_E_PEER_CLOSED);
    assert_int_equal(kit_stats(r->port).lanes_now, 0);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(a_message_longer_than_the_ring_goes_by_a_lane)
{
    rig *r = rig_of_lanes();
    talker t = {.left = 300, .size = LONGEST};
    pp_conn *conn;

    r->listen.conn.lane_ring = 4096;
    rig_listen(r);
    conn = dial(r, &t, PP_LANE_AUTO);
    await_answers(&t);
    assert_int_equal(kit_stats(r->port).lanes_now, 2);
    assert_ok(pp_conn_abort(conn));
    wait_for(r->counts.closed, 1);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(an_idle_connection_gives_its_lane_back)
{
    rig *r = rig_of_lanes();
    talker t = {.left = ROUNDS};
    pp_conn *conn;

    rig_listen(r);
    conn = dial(r, &t, PP_LANE_AUTO);
    await_answers(&t);
    assert_int_equal(kit_stats(r->port).lanes_now, 2);
    wait_until(kit_stats(r->port).lanes_now == 0 || kit_wait_ms(&t.counts.closed, 1, 100));
    assert_int_equal(kit_stats(r->port).lanes_now, 0);
    t.left = ROUNDS; /* and it gets another */
    talk(conn, &t);
    await_answers(&t);
    assert_int_equal(kit_stats(r->port).lanes_total, 4);
    assert_ok(pp_conn_abort(conn));
    pp_conn_unref(&conn);
    rig_close(r);
}

static void expect_no_lane(rig *r, pp_lane lane, pp_lane_reason reason)
{
    talker t = {.left = ROUNDS};
    pp_conn *conn;

    rig_listen(r);
    conn = dial(r, &t, lane);
    await_answers(&t);
    assert_int_equal(kit_stats(r->port).lanes_total, 0);
    if (reason != PP_LANE_NO_REASON)
        assert_true(kit_stats(r->port).lanes_refused[reason] > 0);
    assert_ok(pp_conn_abort(conn));
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(who_wants_no_lane_has_none)
{
    rig *r = rig_of_lanes();

    expect_no_lane(r, PP_LANE_OFF, PP_LANE_NO_REASON);
    r = rig_of_lanes();
    r->listen.conn.lane = PP_LANE_OFF;
    expect_no_lane(r, PP_LANE_AUTO, PP_LANE_UNKNOWN);
}

static pp_status echo_and_close(pp_conn *conn, void *user, const void *data, size_t length)
{
    kit_counts *counts = user;
    pp_status status = pp_conn_send(conn, data, length);

    if (InterlockedIncrement(&counts->messages) == ROUNDS + 10)
        pp_conn_close(conn);
    return status;
}

/* What the server accepted by a lane reaches a client that is slow to read. */
TEST_CASE(a_server_that_closes_has_handed_over_what_it_sent)
{
    rig *r = rig_of_lanes();
    talker t = {.left = ROUNDS};
    pp_conn *conn;

    r->listen.conn.handlers.on_message = echo_and_close;
    rig_listen(r);
    conn = dial(r, &t, PP_LANE_AUTO);
    await_answers(&t);
    assert_int_equal(kit_stats(r->port).lanes_now, 2);
    assert_ok(pp_conn_pause(conn));
    t.left = 10;
    t.size = 100;
    for (LONG left = 10; left > 0; left--) {
        char data[100];

        kit_fill(data, sizeof data, (uint32_t)left, 0);
        assert_ok(pp_conn_send(conn, data, sizeof data));
    }
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_OK);
    assert_ok(pp_conn_resume(conn));
    wait_for(t.counts.closed, 1);
    assert_int_equal(t.left, 0);
    assert_int_equal(t.wrong, 0);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(all_lanes_together_have_a_limit)
{
    rig *r = rig_of_lanes();
    pp_port_options options;

    kit_close(&r->port);
    pp_port_options_init(&options);
    options.workers = 2;
    options.max_lane_bytes = 0;
    assert_ok(pp_port_open(&r->port, &options, NULL));
    expect_no_lane(r, PP_LANE_AUTO, PP_LANE_LIMIT);
}

TEST_CASE(wrong_options_of_lanes_are_named)
{
    rig *r = rig_of_lanes();
    pp_error error;

    r->listen.conn.lane = (pp_lane)2;
    assert_status(pp_listen(r->port, &r->listen, NULL, &error), PP_E_ARGUMENT);
    assert_string_equal(error.message, "lane is 2; allowed: auto (0) or off (1)");
    r->listen.conn.lane = PP_LANE_AUTO;
    r->listen.conn.lane_ring = 5000;
    assert_status(pp_listen(r->port, &r->listen, NULL, &error), PP_E_ARGUMENT);
    assert_string_equal(error.message, "lane_ring is 5000; allowed: a power of two");
    rig_close(r);
}

static const struct CMUnitTest tests[] = {
    TEST(a_busy_connection_goes_by_a_lane),
    TEST(a_message_longer_than_the_ring_goes_by_a_lane),
    TEST(an_idle_connection_gives_its_lane_back),
    TEST(who_wants_no_lane_has_none),
    TEST(a_server_that_closes_has_handed_over_what_it_sent),
    TEST(all_lanes_together_have_a_limit),
    TEST(wrong_options_of_lanes_are_named),
};

HARNESS_MAIN(tests)
