/*
 * When callbacks come, when they do not, and when time-outs run.
 */
#include "kit.h"

#include "pipe/framing.h"

enum { KIB = 1024 };

/* A connection that its test steers from outside. */
typedef struct guest {
    kit_counts counts;
    pp_conn *conn; /* a reference, from on_open on */
    bool pause_at_open;
    int at_identity; /* what on_identity does: 0 pause, 1 close, 2 abort */
    volatile LONG identified;
} guest;

static void guest_open(pp_conn *conn, void *user)
{
    guest *g = user;

    pp_conn_ref(conn);
    g->conn = conn;
    if (g->pause_at_open)
        pp_conn_pause(conn);
    kit_add(&g->counts.opened, 1);
}

static pp_listen_options guest_options(const char *name, pp_mode mode, guest *g)
{
    pp_listen_options options = kit_listen_options(name, mode, NULL);

    options.conn.handlers = kit_counting();
    options.conn.handlers.on_open = guest_open;
    options.conn.user = g;
    return options;
}

static HANDLE guest_arrive(pp_port *port, const pp_listen_options *options, guest *g)
{
    HANDLE pipe;

    kit_listen(port, options);
    pipe = kit_open(options->name, options->conn.mode == PP_MODE_MESSAGE);
    wait_for(g->counts.opened, 1);
    return pipe;
}

static void guest_leave(HANDLE pipe, guest *g)
{
    CloseHandle(pipe);
    wait_for(g->counts.closed, 1);
    pp_conn_unref(&g->conn);
}

/* ---- Callbacks ------------------------------------------------------------------------------ */

TEST_CASE(on_writable_does_not_come_while_the_queue_is_full)
{
    enum { MARK = 64 * KIB };
    static char block[4 * KIB];
    pp_port *port = kit_port(2);
    guest g = {0};
    pp_listen_options options = guest_options(kit_name(), PP_MODE_STREAM, &g);
    HANDLE pipe;

    options.conn.high_mark = options.conn.low_mark = MARK;
    options.pipe_buffer = 4 * KIB;
    pipe = guest_arrive(port, &options, &g);
    while (pp_conn_send(g.conn, block, sizeof block) == PP_OK) {
    }
    /* What the pipe took by itself makes room a few times, then nothing does. */
    for (int i = 0; kit_wait_ms(&g.counts.writable, 1, 300); i++) {
        assert_true(pp_conn_queued(g.conn) < MARK);
        assert_in_range(i, 0, 3);
        g.counts.writable = 0;
        while (pp_conn_send(g.conn, block, sizeof block) == PP_OK) {
        }
    }
    for (int i = 0; i < MARK / KIB && g.counts.writable == 0; i++) { /* the client reads */
        char data[KIB];
        DWORD read;

        assert_true(ReadFile(pipe, data, sizeof data, &read, NULL));
    }
    wait_for(g.counts.writable, 1);
    guest_leave(pipe, &g);
    kit_close(&port);
}

TEST_CASE(nothing_is_told_before_on_open)
{
    static char big[100 * KIB];
    pp_port *port = kit_port_limited(2, KIB * KIB);
    kit_counts first = {0}, second = {0};
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_STREAM, kit_counting(), &first);
    pp_conn *hog, *conn;

    dial.conn.max_message = sizeof big;
    assert_ok(pp_dial(port, &dial, &hog, NULL));
    while (pp_conn_send(hog, big, sizeof big / 8) == PP_OK) {
    }
    dial.conn.user = &second;
    dial.timeout_ms = 300;
    assert_ok(pp_dial(port, &dial, &conn, NULL));
    while (pp_conn_send(conn, big, sizeof big) == PP_OK) {
    }
    assert_ok(pp_conn_abort(hog)); /* there is room again, but nobody to be told yet */
    wait_for(first.closed, 1);
    wait_for(second.closed, 1);
    assert_status(second.reason, PP_E_NOT_FOUND);
    assert_int_equal(second.opened, 0);
    assert_int_equal(second.writable, 0);
    pp_conn_unref(&hog);
    pp_conn_unref(&conn);
    kit_close(&port);
}

/* What was refused while dialling may be sent when the pipe is open. */
TEST_CASE(a_send_refused_while_dialling_hears_of_room_when_open)
{
    static char big[100 * KIB];
    rig *r = rig_open(2, PP_MODE_STREAM);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    pp_conn *conn;

    r->listen.conn.handlers = kit_counting();
    dial.conn.high_mark = sizeof big;
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    while (pp_conn_send(conn, big, sizeof big) == PP_OK) {
    }
    assert_false(kit_wait_ms(&client.writable, 1, 50));
    rig_listen(r);
    wait_for(client.writable, 1);
    assert_int_equal(client.opened, 1);
    pp_conn_abort(conn);
    pp_conn_unref(&conn);
    rig_close(r);
}

static const char *guest_identity(pp_conn *conn, void *user, const pp_peer *peer)
{
    guest *g = user;

    (void)peer;
    if (g->at_identity == 0)
        pp_conn_pause(conn);
    else if (g->at_identity == 1)
        pp_conn_close(conn);
    else
        pp_conn_abort(conn);
    kit_add(&g->identified, 1);
    return NULL;
}

/* It arrives, and sends one byte, at which on_identity comes. */
static HANDLE guest_identify(pp_port *port, guest *g)
{
    pp_listen_options options = guest_options(kit_name(), PP_MODE_STREAM, g);
    HANDLE pipe;

    options.conn.handlers.on_identity = guest_identity;
    pipe = guest_arrive(port, &options, g);
    kit_write(pipe, "x", 1);
    wait_for(g->identified, 1);
    return pipe;
}

TEST_CASE(a_pause_or_close_in_on_identity_holds_the_first_message)
{
    pp_port *port = kit_port(2);

    for (int what = 0; what < 3; what++) {
        guest g = {.at_identity = what};
        HANDLE pipe = guest_identify(port, &g);

        if (what == 0) {
            assert_false(kit_wait_ms(&g.counts.messages, 1, 100));
            assert_ok(pp_conn_resume(g.conn));
            wait_for(g.counts.messages, 1);
        } else {
            wait_for(g.counts.closed, 1);
            assert_int_equal(g.counts.messages, 0);
        }
        guest_leave(pipe, &g);
    }
    kit_close(&port);
}

/* It was read before the port stopped, and is delivered as soon as the pause ends. */
TEST_CASE(a_stop_waits_for_a_pause_that_holds_a_message)
{
    pp_port *port = kit_port(2);
    guest g = {.at_identity = 0};
    HANDLE pipe = guest_identify(port, &g);

    assert_ok(pp_port_stop(port));
    assert_false(kit_wait_ms(&g.counts.closed, 1, 200));
    assert_ok(pp_conn_resume(g.conn));
    wait_for(g.counts.closed, 1);
    assert_int_equal(g.counts.messages, 1);
    assert_status(g.counts.reason, PP_OK);
    guest_leave(pipe, &g);
    kit_close(&port);
}

/* ---- Turns ---------------------------------------------------------------------------------- */

typedef struct crowd {
    kit_counts counts;
    HANDLE never;
    volatile LONG posted, messages_at_post;
    pp_port *port;
} crowd;

/* A callback of a millisecond. */
static pp_status crowd_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    crowd *c = user;

    WaitForSingleObject(c->never, 1);
    kit_add(&c->counts.messages, 1);
    return pp_conn_send(conn, data, length);
}

static void crowd_post(void *user, pp_status status)
{
    crowd *c = user;

    (void)status;
    c->messages_at_post = c->counts.messages;
    kit_add(&c->posted, 1);
}

/* Thousands of messages lie in one read; their callbacks are short, and together they are not. */
TEST_CASE(a_turn_of_many_messages_lets_others_have_theirs)
{
    enum { FRAMES = 3000, MANY = 300 };
    static char frames[FRAMES * FRAMING_HEADER]; /* messages of no bytes */
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    crowd c = {.never = CreateEventW(NULL, TRUE, FALSE, NULL)};
    pp_listen_options options = kit_listen_options(name, PP_MODE_FRAMED, NULL);
    HANDLE pipe;
    LONG answered;

    options.conn.handlers.on_message = crowd_message;
    options.conn.user = &c;
    kit_listen(port, &options);
    pipe = kit_open(name, false);
    kit_write(pipe, frames, sizeof frames);
    wait_for(c.counts.messages, 1);
    answered = c.counts.messages;
    assert_ok(pp_port_post(port, crowd_post, &c));
    kit_expect(pipe, frames, FRAMING_HEADER); /* the first reply does not wait for the last */
    assert_in_range(c.counts.messages, 1, answered + MANY);
    wait_for(c.posted, 1);
    assert_in_range(c.messages_at_post, 1, answered + MANY);
    CloseHandle(pipe);
    assert_ok(pp_port_abort(port));
    kit_close(&port);
    CloseHandle(c.never);
}

/* The first message asks for a turn of another's. */
static pp_status crowd_ask(pp_conn *conn, void *user, const void *data, size_t length)
{
    crowd *c = user;

    (void)conn, (void)data;
    if (c->counts.messages++ == 0)
        pp_port_post(c->port, crowd_post, c);
    kit_add(&c->counts.bytes, (LONG)length);
    return PP_OK;
}

/* More lies in the pipe than one turn may read. */
TEST_CASE(a_turn_of_many_reads_lets_others_have_theirs)
{
    enum { MOST_READS = 17 }; /* the one that was pending, and 16 more */
    static char block[1024 * KIB];
    crowd c = {.port = kit_port(1)};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &c.counts);
    HANDLE pipe;

    options.conn.handlers.on_message = crowd_ask;
    options.pipe_buffer = sizeof block;
    kit_listen(c.port, &options);
    pipe = kit_open(options.name, false);
    kit_write(pipe, block, sizeof block);
    wait_for(c.counts.bytes, sizeof block);
    wait_for(c.posted, 1);
    assert_in_range(c.messages_at_post, 1, MOST_READS);
    assert_true(c.counts.messages > MOST_READS);
    CloseHandle(pipe);
    kit_close(&c.port);
}

/* Clients that stall inside a message. Their buffers cannot shrink, and nobody looks at them. */
TEST_CASE(clients_that_stall_wake_nobody)
{
    enum { CLIENTS = 20 };
    rig *r = rig_open(2, PP_MODE_FRAMED);
    HANDLE pipes[CLIENTS];
    char header[FRAMING_HEADER];
    uint64_t before;

    rig_listen(r);
    framing_write(header, 100000);
    for (int i = 0; i < CLIENTS; i++) {
        pipes[i] = rig_client(r);
        kit_write(pipes[i], header, sizeof header);
    }
    wait_for(r->counts.opened, CLIENTS);
    assert_false(kit_wait_ms(&r->counts.closed, 1, 6000)); /* the only look is over */
    before = kit_stats(r->port).kernel_dequeues;
    assert_false(kit_wait_ms(&r->counts.closed, 1, 6000));
    assert_in_range(kit_stats(r->port).kernel_dequeues, before, before + 2);
    for (int i = 0; i < CLIENTS; i++)
        CloseHandle(pipes[i]);
    wait_for(r->counts.closed, CLIENTS);
    rig_close(r);
}

/* ---- Time-outs ------------------------------------------------------------------------------ */

TEST_CASE(a_client_that_only_reads_is_idle_and_not_late)
{
    pp_port *port = kit_port(2);
    guest g = {0};
    pp_listen_options options = guest_options(kit_name(), PP_MODE_STREAM, &g);
    HANDLE pipe;

    options.conn.idle_timeout_ms = 300;
    pipe = guest_arrive(port, &options, &g);
    wait_for(g.counts.closed, 1);
    assert_status(g.counts.reason, PP_E_IDLE_TIMEOUT);
    guest_leave(pipe, &g);
    kit_close(&port);
}

/* While we do not read, a client cannot be late. */
TEST_CASE(no_time_out_runs_while_we_do_not_read)
{
    pp_port *port = kit_port(2);

    for (int idle = 0; idle < 2; idle++) {
        guest g = {.pause_at_open = true};
        pp_listen_options options = guest_options(kit_name(), PP_MODE_STREAM, &g);
        ULONGLONG began;
        HANDLE pipe;

        if (idle)
            options.conn.idle_timeout_ms = 200;
        else
            options.conn.first_byte_timeout_ms = 200;
        pipe = guest_arrive(port, &options, &g);
        kit_write(pipe, "hello", 5);
        assert_false(kit_wait_ms(&g.counts.closed, 1, 600));
        began = GetTickCount64();
        assert_ok(pp_conn_resume(g.conn));
        wait_for(g.counts.messages, 1);
        if (idle) { /* from then on it runs */
            wait_for(g.counts.closed, 1);
            assert_true(GetTickCount64() - began >= 180);
            assert_status(g.counts.reason, PP_E_IDLE_TIMEOUT);
        } else {
            assert_false(kit_wait_ms(&g.counts.closed, 1, 400));
        }
        guest_leave(pipe, &g);
    }
    kit_close(&port);
}

/* A pause does not hide a client that does not take what it is sent. */
TEST_CASE(a_client_that_does_not_read_is_idle_also_while_paused)
{
    static char block[64 * KIB - 1];
    pp_port *port = kit_port(2);
    guest g = {.pause_at_open = true};
    pp_listen_options options = guest_options(kit_name(), PP_MODE_STREAM, &g);
    HANDLE pipe;

    options.conn.idle_timeout_ms = 300;
    options.pipe_buffer = 4 * KIB;
    pipe = guest_arrive(port, &options, &g);
    assert_false(kit_wait_ms(&g.counts.closed, 1, 600));
    assert_ok(pp_conn_send(g.conn, block, sizeof block));
    wait_for(g.counts.closed, 1);
    assert_status(g.counts.reason, PP_E_IDLE_TIMEOUT);
    guest_leave(pipe, &g);
    kit_close(&port);
}

TEST_CASE(a_long_message_that_is_read_steadily_is_not_idle)
{
    static char big[1024 * KIB], piece[32 * KIB];
    pp_port *port = kit_port(2);

    for (int message = 0; message < 2; message++) {
        guest g = {0};
        pp_listen_options options =
            guest_options(kit_name(), message ? PP_MODE_MESSAGE : PP_MODE_STREAM, &g);
        size_t got = 0;
        HANDLE pipe;

        options.conn.idle_timeout_ms = 500;
        options.conn.high_mark = sizeof big;
        pipe = guest_arrive(port, &options, &g);
        assert_ok(pp_conn_send(g.conn, big, sizeof big));
        while (got < sizeof big) { /* 32 pieces, one each 40 ms: longer than the time-out */
            DWORD read;

            assert_true(ReadFile(pipe, piece, sizeof piece, &read, NULL) ||
                        GetLastError() == ERROR_MORE_DATA);
            got += read;
            assert_false(kit_wait_ms(&g.counts.closed, 1, 40));
        }
        guest_leave(pipe, &g);
    }
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(on_writable_does_not_come_while_the_queue_is_full),
    TEST(nothing_is_told_before_on_open),
    TEST(a_send_refused_while_dialling_hears_of_room_when_open),
    TEST(a_pause_or_close_in_on_identity_holds_the_first_message),
    TEST(a_stop_waits_for_a_pause_that_holds_a_message),
    TEST(a_turn_of_many_messages_lets_others_have_theirs),
    TEST(a_turn_of_many_reads_lets_others_have_theirs),
    TEST(clients_that_stall_wake_nobody),
    TEST(a_client_that_only_reads_is_idle_and_not_late),
    TEST(no_time_out_runs_while_we_do_not_read),
    TEST(a_client_that_does_not_read_is_idle_also_while_paused),
    TEST(a_long_message_that_is_read_steadily_is_not_idle),
};

HARNESS_MAIN(tests)
