/*
 * What a connection promises, once it goes by a lane: the end of sending, PP_E_AGAIN and
 * on_writable, time-outs. Both ends are of one process. They talk until they have a lane, and then
 * a test begins.
 */
#include "kit.h"

enum { MANY = 20, LENGTH = 1000, MOST = 5000, TIME_OUT = 300 };

typedef struct side {
    kit_counts counts; /* first: the handlers of the kit count into it */
    pp_conn *conn;
    volatile LONG talks, wrong;
    LONG lanes_at_end; /* how many there were at on_end */
    pp_port *port;
} side;

typedef struct pair {
    rig *rig;
    side server, client;
} pair;

static void begin(pp_conn *conn, void *user)
{
    side *s = user;

    pp_conn_ref(conn);
    s->conn = conn;
    kit_add(&s->counts.opened, 1);
    pp_conn_send(conn, "", 0);
}

/* Messages without bytes go to and fro while both sides talk. */
static pp_status take(pp_conn *conn, void *user, const void *data, size_t length)
{
    side *s = user;

    if (length == 0)
        return s->talks ? pp_conn_send(conn, "", 0) : PP_OK;
    if (length != LENGTH || !kit_is_filled(data, length, (uint32_t)s->counts.messages, 0))
        InterlockedIncrement(&s->wrong);
    kit_add(&s->counts.messages, 1);
    return PP_OK;
}

static void note_end(pp_conn *conn, void *user)
{
    side *s = user;

    (void)conn;
    s->lanes_at_end = (LONG)kit_stats(s->port).lanes_now;
    kit_add(&s->counts.ended, 1);
}

static pp_status send_one(pp_conn *conn, LONG index)
{
    char data[LENGTH];

    kit_fill(data, sizeof data, (uint32_t)index, 0);
    return pp_conn_send(conn, data, sizeof data);
}

static pair *pair_open(uint64_t idle_timeout_ms, uint64_t drain_timeout_ms)
{
    static pair p;
    pp_handlers handlers = kit_counting();
    pp_dial_options dial;

    p = (pair){.rig = rig_open(2, PP_MODE_FRAMED)};
    p.server.port = p.client.port = p.rig->port;
    p.server.talks = p.client.talks = 1;
    handlers.on_open = begin;
    handlers.on_message = take;
    handlers.on_end = note_end;
    p.rig->listen.conn.handlers = handlers;
    p.rig->listen.conn.user = &p.server;
    p.rig->listen.conn.idle_timeout_ms = idle_timeout_ms;
    p.rig->listen.conn.drain_timeout_ms = drain_timeout_ms;
    rig_listen(p.rig);
    dial = rig_dial_options(p.rig, handlers, &p.client);
    assert_ok(pp_dial(p.rig->port, &dial, NULL, NULL));
    wait_until(kit_stats(p.rig->port).lanes_now == 2);
    p.server.talks = p.client.talks = 0;
    return &p;
}

static void pair_close(pair *p, pp_status server, pp_status client)
{
    wait_for(p->server.counts.closed, 1);
    wait_for(p->client.counts.closed, 1);
    assert_int_equal(p->server.counts.reason, server);
    assert_int_equal(p->client.counts.reason, client);
    assert_int_equal(p->server.wrong + p->client.wrong, 0);
    pp_conn_unref(&p->server.conn);
    pp_conn_unref(&p->client.conn);
    rig_close(p->rig);
}

TEST_CASE(each_end_may_end_its_sending_on_a_lane)
{
    pair *p = pair_open(0, 10000);

    for (LONG i = 0; i < MANY; i++)
        assert_ok(send_one(p->client.conn, i));
    assert_ok(pp_conn_end_sending(p->client.conn));
    wait_for(p->server.counts.ended, 1);
    assert_int_equal(p->server.counts.messages, MANY);
    assert_int_equal(p->server.lanes_at_end, 2);
    for (LONG i = 0; i < MANY; i++)
        assert_ok(send_one(p->server.conn, i));
    assert_ok(pp_conn_end_sending(p->server.conn));
    wait_for(p->client.counts.closed, 1);
    assert_int_equal(p->client.counts.messages, MANY);
    assert_true(p->client.lanes_at_end > 0); /* the server may have closed */
    pair_close(p, PP_OK, PP_OK);
}

TEST_CASE(who_sends_too_fast_on_a_lane_is_told_and_nothing_is_lost)
{
    pair *p = pair_open(0, 10000);
    LONG sent = 0;
    pp_status status;

    assert_ok(pp_conn_pause(p->server.conn));
    while ((status = send_one(p->client.conn, sent)) == PP_OK && sent < MOST)
        sent++;
    assert_status(status, PP_E_AGAIN);
    assert_int_equal(p->client.counts.writable, 0);
    assert_ok(pp_conn_resume(p->server.conn));
    wait_for(p->client.counts.writable, 1);
    wait_for(p->server.counts.messages, sent);
    assert_ok(send_one(p->client.conn, sent));
    wait_for(p->server.counts.messages, sent + 1);
    assert_int_equal(kit_stats(p->rig->port).lanes_now, 2);
    assert_ok(pp_conn_close(p->client.conn));
    pair_close(p, PP_E_PEER_CLOSED, PP_OK);
}

TEST_CASE(who_says_nothing_on_a_lane_is_late)
{
    pair *p = pair_open(TIME_OUT, 10000);

    pair_close(p, PP_E_IDLE_TIMEOUT, PP_E_PEER_CLOSED);
    assert_int_equal(p->server.counts.messages, 0);
}

/* More than the ring holds waits for a client that does not read. */
TEST_CASE(a_graceful_close_on_a_lane_waits_no_longer_than_allowed)
{
    pair *p = pair_open(0, TIME_OUT);
    LONG sent = 0;

    assert_ok(pp_conn_pause(p->client.conn));
    while (sent < MOST && send_one(p->server.conn, sent) == PP_OK)
        sent++;
    assert_ok(pp_conn_close(p->server.conn));
    wait_for(p->server.counts.closed, 1);
    assert_ok(pp_conn_resume(p->client.conn));
    wait_for(p->client.counts.closed, 1);
    assert_in_range(p->client.counts.messages, 1, sent - 1);
    pair_close(p, PP_E_DRAIN_TIMEOUT, PP_E_TRUNCATED);
}

static const struct CMUnitTest tests[] = {
    TEST(each_end_may_end_its_sending_on_a_lane),
    TEST(who_sends_too_fast_on_a_lane_is_told_and_nothing_is_lost),
    TEST(who_says_nothing_on_a_lane_is_late),
    TEST(a_graceful_close_on_a_lane_waits_no_longer_than_allowed),
};

HARNESS_MAIN(tests)
