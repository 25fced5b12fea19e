/*
 * How a connection ends: what is delivered before it, what is still handed over, and which reason
 * is told.
 */
#include "kit.h"

#include "pipe/framing.h"

enum { KIB = 1024, ORDERS = 20, ORDER = 100, LONG_TEXT = 300 * KIB };

static const char text[1024 * KIB];

/* What a service does with each message; its user pointer. */
typedef struct clerk {
    kit_counts counts;
    pp_port *port;
    pp_conn *conn; /* a reference, from on_open on */
    volatile LONG taken;
    bool answers, passes_on, pauses, says_not_now, pause_at_open;
    bool asked; /* it said "not now" to the message that comes */
} clerk;

static void clerk_resume(void *user, pp_status status)
{
    pp_conn *conn = user;

    if (status == PP_OK)
        pp_conn_resume(conn);
    pp_conn_unref(&conn);
}

/* A consumer that is slow. */
static void clerk_resume_later(clerk *k, pp_conn *conn)
{
    pp_conn_ref(conn);
    if (pp_port_after(k->port, 5, clerk_resume, conn, NULL) != PP_OK)
        pp_conn_unref(&conn);
}

static void clerk_open(pp_conn *conn, void *user)
{
    clerk *k = user;

    pp_conn_ref(conn);
    k->conn = conn;
    if (k->pause_at_open)
        pp_conn_pause(conn);
    kit_add(&k->counts.opened, 1);
}

static pp_status clerk_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    clerk *k = user;
    pp_status status = PP_OK;

    (void)data;
    if (k->says_not_now && (k->asked = !k->asked)) {
        clerk_resume_later(k, conn);
        return PP_E_AGAIN;
    }
    if (k->answers)
        status = pp_conn_send(conn, text, 3000);
    if (k->pauses) {
        pp_conn_pause(conn);
        clerk_resume_later(k, conn);
    }
    if (k->passes_on && status == PP_E_AGAIN)
        return status;
    kit_add(&k->taken, (LONG)length);
    return k->passes_on ? status : PP_OK;
}

static pp_listen_options clerk_options(const char *name, pp_mode mode, clerk *k, pp_port *port)
{
    pp_listen_options options = kit_listen_options(name, mode, NULL);

    options.conn.handlers = kit_counting();
    options.conn.handlers.on_open = clerk_open;
    options.conn.handlers.on_message = clerk_message;
    options.conn.user = k;
    k->port = port;
    return options;
}

/* ---- What came before the end --------------------------------------------------------------- */

/* A client sends its orders and leaves without reading an answer. */
static void send_orders_and_leave(const char *name, pp_mode mode)
{
    char order[FRAMING_HEADER + ORDER] = {0};
    HANDLE pipe = kit_open(name, false);

    framing_write(order, ORDER);
    for (int i = 0; i < ORDERS; i++) {
        if (mode == PP_MODE_FRAMED)
            kit_write(pipe, order, sizeof order);
        else
            kit_write(pipe, order + FRAMING_HEADER, ORDER);
    }
    CloseHandle(pipe);
}

static void expect_every_order(pp_mode mode, clerk how)
{
    pp_port *port = kit_port(2);

    for (int round = 0; round < 5; round++) {
        clerk k = how;
        const char *name = kit_name();
        pp_listen_options options = clerk_options(name, mode, &k, port);

        kit_listen(port, &options);
        send_orders_and_leave(name, mode);
        wait_for(k.taken, ORDERS * ORDER);
        wait_for(k.counts.closed, 1);
        assert_int_equal(k.taken, ORDERS * ORDER);
        assert_status(k.counts.reason, PP_E_PEER_CLOSED);
        pp_conn_unref(&k.conn);
    }
    kit_close(&port);
}

TEST_CASE(what_was_sent_before_leaving_is_delivered_however_slow_the_handler)
{
    for (pp_mode mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        expect_every_order(mode, (clerk){.answers = true});
        expect_every_order(mode, (clerk){.answers = true, .pauses = true});
        expect_every_order(mode, (clerk){.answers = true, .says_not_now = true});
        expect_every_order(mode, (clerk){.pauses = true});
    }
}

TEST_CASE(a_handler_that_passes_on_what_send_says_gets_every_message)
{
    for (pp_mode mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++)
        expect_every_order(mode, (clerk){.answers = true, .passes_on = true});
}

/* A send from elsewhere finds the client gone while nothing is delivered. */
TEST_CASE(what_waits_behind_a_pause_outlives_a_send_that_fails)
{
    pp_port *port = kit_port(2);

    for (int not_now = 0; not_now < 2; not_now++) {
        const char *name = kit_name();
        clerk k = {.pause_at_open = !not_now};
        pp_listen_options options = clerk_options(name, PP_MODE_MESSAGE, &k, port);
        HANDLE pipe;

        kit_listen(port, &options);
        pipe = kit_open(name, true);
        wait_for(k.counts.opened, 1);
        if (not_now)
            assert_ok(pp_conn_pause(k.conn));
        for (int i = 0; i < 3; i++)
            kit_write(pipe, "message", 7);
        CloseHandle(pipe);
        assert_ok(pp_conn_send(k.conn, "still there?", 12));
        while (pp_conn_send(k.conn, "still there?", 12) != PP_E_CLOSING)
            assert_false(kit_wait_ms(&k.counts.closed, 1, 10));
        assert_int_equal(k.counts.closed, 0);
        assert_ok(pp_conn_resume(k.conn));
        wait_for(k.taken, 21);
        wait_for(k.counts.closed, 1);
        assert_status(k.counts.reason, PP_E_PEER_CLOSED);
        pp_conn_unref(&k.conn);
    }
    kit_close(&port);
}

/* Its answer was refused, since the client does not read; then the client leaves. The handler waits
 * for on_writable, as it should, and must not wait for ever. */
TEST_CASE(who_was_refused_hears_that_the_client_left)
{
    rig *r = rig_open(2, PP_MODE_MESSAGE);
    static char order[30 * KIB];
    HANDLE pipe;

    r->listen.conn.high_mark = 64 * KIB;
    r->listen.pipe_buffer = 256 * KIB;
    pipe = rig_client(r);
    /* One more than the kernel and the queue take of the answers, 8 and 3; and, whenever the
     * handler stops, fewer than it has taken by then and the kernel takes of the orders. */
    for (int i = 0; i < 12; i++)
        kit_write(pipe, order, sizeof order);
    while (kit_stats(r->port).refused_sends == 0)
        assert_false(kit_wait_ms(&r->counts.closed, 1, 10));
    CloseHandle(pipe);
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_PEER_CLOSED);
    assert_true(r->counts.writable > 0);
    assert_int_equal(kit_stats(r->port).messages_in, 12);
    rig_close(r);
}

/* ---- What is handed over -------------------------------------------------------------------- */

/* The second of two messages closes the connection; before that a write has found the client gone.
 */
static pp_status close_at_second(pp_conn *conn, void *user, const void *data, size_t length)
{
    clerk *k = user;

    (void)data;
    kit_add(&k->taken, (LONG)length);
    if (k->taken > 3)
        pp_conn_close(conn);
    return PP_OK;
}

TEST_CASE(a_close_that_could_not_hand_over_says_so)
{
    pp_port *port = kit_port(2);
    const char *name = kit_name();
    clerk k = {.pause_at_open = true};
    pp_listen_options options = clerk_options(name, PP_MODE_MESSAGE, &k, port);
    HANDLE pipe;

    options.conn.handlers.on_message = close_at_second;
    kit_listen(port, &options);
    pipe = kit_open(name, true);
    wait_for(k.counts.opened, 1);
    kit_write(pipe, "one", 3);
    kit_write(pipe, "two", 3);
    CloseHandle(pipe);
    while (pp_conn_send(k.conn, "reply", 5) == PP_OK)
        assert_false(kit_wait_ms(&k.counts.closed, 1, 10));
    assert_ok(pp_conn_resume(k.conn));
    wait_for(k.counts.closed, 1);
    assert_status(k.counts.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&k.conn);
    kit_close(&port);
}

/* Opens a connection that closes with a long text accepted, of which little fits into the pipe. */
static HANDLE open_and_close(pp_port *port, clerk *k, pp_mode mode, pp_direction direction)
{
    const char *name = kit_name();
    pp_listen_options options = clerk_options(name, mode, k, port);
    HANDLE pipe;

    options.pipe_buffer = 4 * KIB;
    options.conn.direction = direction;
    options.conn.max_message = 1000;
    if (mode == PP_MODE_STREAM)
        options.conn.max_message = LONG_TEXT;
    options.conn.drain_timeout_ms = KIT_WAIT_MS;
    kit_listen(port, &options);
    pipe = kit_open(name, mode == PP_MODE_MESSAGE);
    wait_for(k->counts.opened, 1);
    for (size_t sent = 0; sent < LONG_TEXT; sent += mode == PP_MODE_STREAM ? LONG_TEXT : 1000)
        assert_ok(pp_conn_send(k->conn, text, mode == PP_MODE_STREAM ? LONG_TEXT : 1000));
    assert_ok(pp_conn_close(k->conn));
    return pipe;
}

static void close_and_check(HANDLE pipe, clerk *k)
{
    assert_true(kit_drain(pipe) >= LONG_TEXT);
    wait_for(k->counts.closed, 1);
    assert_status(k->counts.reason, PP_OK);
    assert_int_equal(k->taken, 0);
    CloseHandle(pipe);
    pp_conn_unref(&k->conn);
}

TEST_CASE(a_graceful_close_is_not_cut_by_what_the_client_sends)
{
    pp_port *port = kit_port(2);
    clerk too_long = {0}, against = {0}, unframed = {0}, much = {0};
    HANDLE pipe;

    pipe = open_and_close(port, &too_long, PP_MODE_MESSAGE, PP_DIRECTION_DUPLEX);
    kit_write(pipe, text, 1001);
    close_and_check(pipe, &too_long);
    pipe = open_and_close(port, &against, PP_MODE_STREAM, PP_DIRECTION_OUTBOUND);
    kit_write(pipe, "hello", 5);
    close_and_check(pipe, &against);
    pipe = open_and_close(port, &unframed, PP_MODE_FRAMED, PP_DIRECTION_DUPLEX);
    kit_write(pipe, "\xff\xff\xff\xff\xff", 5);
    close_and_check(pipe, &unframed);
    /* It writes more than the pipe takes before it reads. */
    pipe = open_and_close(port, &much, PP_MODE_STREAM, PP_DIRECTION_DUPLEX);
    kit_write(pipe, text, sizeof text);
    close_and_check(pipe, &much);
    kit_close(&port);
}

TEST_CASE(stopping_with_no_time_is_no_time_out_for_who_owes_nothing)
{
    enum { CLIENTS = 40 };
    rig *r = rig_open(2, PP_MODE_STREAM);
    HANDLE pipes[CLIENTS];

    r->listen.conn.drain_timeout_ms = 0;
    rig_listen(r);
    for (int i = 0; i < CLIENTS; i++)
        pipes[i] = rig_client(r);
    kit_write(pipes[0], "x", 1);
    kit_expect(pipes[0], "x", 1);
    wait_for(r->counts.opened, CLIENTS);
    assert_ok(pp_port_stop(r->port));
    assert_ok(pp_port_wait(r->port));
    assert_int_equal(r->counts.reasons[PP_OK], CLIENTS);
    assert_int_equal(kit_stats(r->port).timeouts, 0);
    rig_close(r);
    for (int i = 0; i < CLIENTS; i++)
        CloseHandle(pipes[i]);
}

/* ---- Numbers and words ---------------------------------------------------------------------- */

/* Ten blocks are queued; the client reads six of them through a small pipe, and leaves. */
static void count_of_six(pp_mode mode, bool shared)
{
    enum { BLOCK = 1000, READ = 6 * BLOCK };
    pp_port *port = kit_port(2);
    const char *name = kit_name();
    clerk k = {0};
    pp_listen_options options = clerk_options(name, mode, &k, port);
    pp_buffer *buffer = pp_buffer_new(BLOCK);
    HANDLE pipe;

    options.pipe_buffer = BLOCK;
    kit_listen(port, &options);
    pipe = kit_open(name, mode == PP_MODE_MESSAGE);
    wait_for(k.counts.opened, 1);
    memset(pp_buffer_data(buffer), 0, BLOCK);
    for (int i = 0; i < 10; i++)
        assert_ok(shared ? pp_conn_send_buffer(k.conn, buffer) : pp_conn_send(k.conn, text, BLOCK));
    for (size_t got = 0; got < READ;) {
        char data[BLOCK];
        DWORD read;

        assert_true(ReadFile(pipe, data, sizeof data, &read, NULL));
        got += read;
    }
    CloseHandle(pipe);
    wait_for(k.counts.closed, 1);
    if (mode == PP_MODE_MESSAGE) {
        assert_in_range(kit_stats(port).messages_out, 6, 9);
        assert_int_equal(kit_stats(port).bytes_out, BLOCK * kit_stats(port).messages_out);
    } else if (shared) { /* each is a write of its own */
        assert_in_range(kit_stats(port).bytes_out, 5 * BLOCK, 9 * BLOCK);
    }
    pp_buffer_unref(&buffer);
    pp_conn_unref(&k.conn);
    kit_close(&port);
}

TEST_CASE(what_was_handed_over_before_an_end_is_counted)
{
    count_of_six(PP_MODE_MESSAGE, false);
    count_of_six(PP_MODE_MESSAGE, true);
    count_of_six(PP_MODE_STREAM, true);
    count_of_six(PP_MODE_FRAMED, true);
}

TEST_CASE(an_ended_connection_says_that_it_has_ended)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_FRAMED, kit_counting(), &counts);
    pp_peer peer;
    pp_conn *conn;

    dial.timeout_ms = 0;
    dial.conn.direction = PP_DIRECTION_INBOUND;
    assert_ok(pp_dial(port, &dial, &conn, NULL));
    wait_for(counts.closed, 1);
    assert_ok(pp_port_stop(port));
    assert_ok(pp_port_wait(port));
    assert_status(pp_conn_send(conn, "x", 1), PP_E_CLOSING);
    assert_status(pp_conn_end_sending(conn), PP_E_CLOSING);
    assert_status(pp_conn_pause(conn), PP_E_CLOSING);
    assert_status(pp_conn_resume(conn), PP_E_CLOSING);
    assert_status(pp_conn_close(conn), PP_E_CLOSING);
    assert_status(pp_conn_abort(conn), PP_E_CLOSING);
    assert_status(pp_conn_peer(conn, &peer), PP_E_CLOSING);
    assert_false(pp_conn_writable(conn));
    pp_conn_unref(&conn);
    kit_close(&port);
}

TEST_CASE(who_only_receives_sends_nothing_not_even_an_end)
{
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    clerk k = {0};
    pp_listen_options options = clerk_options(name, PP_MODE_FRAMED, &k, port);
    HANDLE pipe;

    options.conn.direction = PP_DIRECTION_INBOUND;
    kit_listen(port, &options);
    pipe = kit_open(name, false);
    wait_for(k.counts.opened, 1);
    assert_false(pp_conn_writable(k.conn));
    assert_status(pp_conn_send(k.conn, "x", 1), PP_E_DIRECTION);
    assert_status(pp_conn_end_sending(k.conn), PP_E_DIRECTION);
    assert_int_equal(pp_conn_queued(k.conn), 0);
    CloseHandle(pipe);
    wait_for(k.counts.closed, 1);
    pp_conn_unref(&k.conn);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(what_was_sent_before_leaving_is_delivered_however_slow_the_handler),
    TEST(a_handler_that_passes_on_what_send_says_gets_every_message),
    TEST(what_waits_behind_a_pause_outlives_a_send_that_fails),
    TEST(who_was_refused_hears_that_the_client_left),
    TEST(a_close_that_could_not_hand_over_says_so),
    TEST(a_graceful_close_is_not_cut_by_what_the_client_sends),
    TEST(stopping_with_no_time_is_no_time_out_for_who_owes_nothing),
    TEST(what_was_handed_over_before_an_end_is_counted),
    TEST(an_ended_connection_says_that_it_has_ended),
    TEST(who_only_receives_sends_nothing_not_even_an_end),
};

HARNESS_MAIN(tests)
