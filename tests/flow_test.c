/*
 * What is bounded: queues, the port's limit, and how long a close may take.
 */
#include "kit.h"

#include <stdlib.h>

#include "pipe/framing.h"

enum { KIB = 1024, MIB = 1024 * 1024 };

/* Sends numbered bytes until refused, and again when told; its user pointer is a source. */
typedef struct source {
    volatile LONG opened, refused, writable, closed, reason;
    volatile LONG64 sent, most_queued;
    uint64_t limit; /* bytes to send in all */
    size_t length;  /* of each message */
    pp_conn *conn;
} source;

static void source_send(pp_conn *conn, source *s)
{
    char *data = malloc(s->length);

    while ((uint64_t)s->sent < s->limit) {
        pp_status status;

        kit_fill(data, s->length, 1, (uint64_t)s->sent);
        status = pp_conn_send(conn, data, s->length);
        if (status == PP_E_AGAIN) {
            kit_add(&s->refused, 1);
            break;
        }
        s->sent += (LONG64)s->length;
        if ((LONG64)pp_conn_queued(conn) > s->most_queued)
            s->most_queued = (LONG64)pp_conn_queued(conn);
    }
    free(data);
}

static void source_open(pp_conn *conn, void *user)
{
    source *s = user;

    s->conn = conn;
    pp_conn_ref(conn);
    source_send(conn, s);
    kit_add(&s->opened, 1);
}

static void source_writable(pp_conn *conn, void *user)
{
    source *s = user;

    kit_add(&s->writable, 1);
    source_send(conn, s);
}

static void source_close(pp_conn *conn, void *user, pp_status reason)
{
    source *s = user;

    (void)conn;
    s->reason = (LONG)reason;
    kit_add(&s->closed, 1);
}

static const pp_handlers source_handlers = {
    .on_open = source_open, .on_writable = source_writable, .on_close = source_close};

static pp_listen_options source_options(const char *name, pp_mode mode, source *s)
{
    pp_listen_options options = kit_listen_options(name, mode, NULL);

    options.conn.handlers = source_handlers;
    options.conn.user = s;
    return options;
}

TEST_CASE(a_queue_stops_at_the_high_mark_plus_one_message)
{
    pp_port *port = kit_port(2);
    const char *name = kit_name();
    source s = {.limit = 4 * MIB, .length = 48 * KIB};
    pp_listen_options options = source_options(name, PP_MODE_STREAM, &s);
    HANDLE pipe;

    options.conn.high_mark = 200 * KIB;
    kit_listen(port, &options);
    pipe = kit_open(name, false);
    wait_for(s.refused, 1);
    wait_for(s.opened, 1);
    assert_true(s.most_queued >= 200 * KIB);
    assert_true(s.most_queued < 248 * KIB);
    assert_int_equal(s.writable, 0);       /* nobody has read */
    for (uint64_t at = 0; at < s.limit;) { /* nothing is dropped */
        char buffer[8192];
        DWORD read;

        assert_true(ReadFile(pipe, buffer, sizeof buffer, &read, NULL));
        assert_true(kit_is_filled(buffer, read, 1, at));
        at += read;
        if (at >= (uint64_t)s.sent && at < s.limit)
            wait_for(s.writable, 1);
    }
    assert_true(s.writable > 0);
    assert_true(s.most_queued < 248 * KIB);
    assert_int_equal(kit_stats(port).refused_sends, s.refused);
    CloseHandle(pipe);
    wait_for(s.closed, 1);
    pp_conn_unref(&s.conn);
    kit_close(&port);
}

TEST_CASE(an_echo_pauses_reading_from_a_client_that_never_reads)
{
    enum { MOST = 64 * MIB };
    static char data[32 * KIB];
    pp_port *port = kit_port(2), *clients = kit_port(1);
    const char *name = kit_name();
    kit_counts server = {0};
    source s = {.limit = MOST, .length = sizeof data};
    pp_listen_options listen = kit_listen_options(name, PP_MODE_STREAM, &server);
    pp_dial_options dial = kit_dial_options(name, PP_MODE_STREAM, source_handlers, &s);
    HANDLE other;
    pp_conn *conn;
    uint64_t in;

    listen.conn.high_mark = 128 * KIB;
    dial.conn.high_mark = 128 * KIB;
    kit_listen(port, &listen);
    assert_ok(pp_dial(clients, &dial, &conn, NULL));
    assert_ok(pp_conn_pause(conn)); /* it never reads */
    wait_for(s.refused, 1);
    while (s.sent < MOST && kit_wait_ms(&s.writable, s.writable + 1, 500)) {
    }
    /* All is still: the client's queue, both quotas, and the echo's queue are full. */
    in = kit_stats(port).bytes_in;
    assert_true(s.sent < 4 * MIB);
    assert_true(in < 4 * MIB);
    assert_true(kit_stats(port).bytes_buffered < 512 * KIB);
    other = kit_open(name, false); /* the others go on */
    for (int i = 0; i < 100; i++) {
        kit_write(other, "ping", 4);
        kit_expect(other, "ping", 4);
    }
    CloseHandle(other);
    assert_int_equal(kit_stats(port).bytes_in, in + 400);
    assert_ok(pp_conn_resume(conn)); /* now it reads, and everything moves again */
    wait_for(s.writable, s.writable + 20);
    assert_true(kit_stats(port).bytes_in > in + 400);
    pp_conn_abort(conn);
    pp_conn_unref(&conn);
    wait_for(s.closed, 1);
    pp_conn_unref(&s.conn);
    kit_close(&clients);
    kit_close(&port);
}

/* Reads what has come and checks it against the stream; returns how many bytes. */
static DWORD read_what_came(HANDLE pipe, uint64_t at)
{
    static char buffer[64 * KIB];
    DWORD available, read = 0;

    assert_true(PeekNamedPipe(pipe, NULL, 0, NULL, &available, NULL));
    if (available == 0)
        return 0;
    assert_true(ReadFile(pipe, buffer, sizeof buffer, &read, NULL));
    assert_true(kit_is_filled(buffer, read, 1, at));
    return read;
}

TEST_CASE(queues_never_pass_the_limit_of_the_port)
{
    enum { CLIENTS = 60, LIMIT = 4 * MIB, EACH = 1200 * KIB };
    pp_port *port = kit_port_limited(2, LIMIT);
    source s[CLIENTS];
    uint64_t at[CLIENTS] = {0}, all = 0;
    HANDLE pipes[CLIENTS];
    ULONGLONG end;

    for (int i = 0; i < CLIENTS; i++) {
        const char *name = kit_name();
        pp_listen_options options = source_options(name, PP_MODE_STREAM, &s[i]);

        s[i] = (source){.limit = EACH, .length = 30 * KIB};
        options.conn.high_mark = 512 * KIB;
        options.conn.max_message = 32 * KIB;
        kit_listen(port, &options);
        pipes[i] = kit_open(name, false);
        wait_for(s[i].refused, 1);
    }
    assert_true(kit_stats(port).bytes_buffered_most > LIMIT / 2);
    assert_true(kit_stats(port).bytes_buffered_most <= LIMIT);
    for (end = GetTickCount64() + KIT_WAIT_MS; all < (uint64_t)CLIENTS * EACH;)
        for (int i = 0; i < CLIENTS; i++) { /* they read now, and everybody gets everything */
            DWORD read = read_what_came(pipes[i], at[i]);

            at[i] += read;
            all += read;
            assert_true(GetTickCount64() < end);
        }
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(at[i], EACH);
        CloseHandle(pipes[i]);
        wait_for(s[i].closed, 1);
        pp_conn_unref(&s[i].conn);
    }
    assert_true(kit_stats(port).bytes_buffered_most <= LIMIT);
    kit_close(&port);
}

TEST_CASE(half_sent_messages_never_pass_the_limit_and_all_complete)
{
    enum { CLIENTS = 1000, LIMIT = 8 * MIB, LENGTH = 200 * KIB };
    static char data[LENGTH + 4];
    pp_port *port = kit_port_limited(2, LIMIT), *clients = kit_port(1);
    const char *name = kit_name();
    kit_counts server = {0}, client = {0};
    pp_listen_options listen = kit_listen_options(name, PP_MODE_FRAMED, &server);
    pp_dial_options dial = kit_dial_options(name, PP_MODE_STREAM, kit_counting(), &client);
    pp_conn **conns = calloc(CLIENTS, sizeof *conns);
    HANDLE small;

    listen.conn.handlers = kit_counting();
    listen.conn.max_message = LENGTH;
    listen.pipe_buffer = 4 * KIB;
    kit_listen(port, &listen);
    framing_write(data, LENGTH);
    for (int i = 0; i < CLIENTS; i++) {
        assert_ok(pp_dial(clients, &dial, &conns[i], NULL));
        assert_ok(pp_conn_send(conns[i], data, LENGTH / 2));
    }
    wait_for(client.opened, CLIENTS);
    wait_for(server.opened, CLIENTS);
    small = kit_open(name, false); /* small messages need nothing of the limit */
    for (int i = 0; i < 20; i++)
        kit_write(small, "\4\0\0\0tiny", 8);
    wait_for(server.messages, 20);
    assert_true(kit_stats(port).bytes_buffered_most > LIMIT / 2);
    assert_true(kit_stats(port).bytes_buffered_most <= LIMIT);
    for (int i = 0; i < CLIENTS; i++)
        assert_ok(pp_conn_send(conns[i], data, LENGTH + 4 - LENGTH / 2));
    wait_for(server.messages, CLIENTS + 20);
    assert_true(kit_stats(port).bytes_buffered_most <= LIMIT);
    assert_int_equal(server.closed, 0);
    for (int i = 0; i < CLIENTS; i++)
        pp_conn_unref(&conns[i]);
    free(conns);
    CloseHandle(small);
    kit_close(&clients);
    kit_close(&port);
}

TEST_CASE(a_graceful_close_hands_over_what_was_accepted)
{
    static char data[60 * KIB];
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    source s = {.limit = sizeof data, .length = sizeof data};
    pp_listen_options options = source_options(name, PP_MODE_STREAM, &s);
    HANDLE pipe;

    kit_listen(port, &options);
    pipe = kit_open(name, false);
    wait_for(s.opened, 1);
    assert_ok(pp_conn_close(s.conn));
    assert_status(pp_conn_send(s.conn, "x", 1), PP_E_CLOSING);
    wait_for(s.closed, 1);
    assert_status(s.reason, PP_OK);
    kit_fill(data, sizeof data, 1, 0);
    kit_expect(pipe, data, sizeof data); /* read after it was closed */
    assert_int_equal(kit_drain(pipe), 0);
    CloseHandle(pipe);
    pp_conn_unref(&s.conn);
    kit_close(&port);
}

/* A connection of which 800 KiB are accepted and not yet read: more than fits in the kernel. */
typedef struct stage {
    pp_port *port;
    source s;
    HANDLE pipe;
    ULONGLONG began;
} stage;

static void stage_open(stage *t, uint64_t drain_timeout_ms)
{
    const char *name = kit_name();
    pp_listen_options options = source_options(name, PP_MODE_STREAM, &t->s);

    t->port = kit_port(2);
    t->s = (source){.limit = 800 * KIB, .length = 100 * KIB};
    options.conn.drain_timeout_ms = drain_timeout_ms;
    kit_listen(t->port, &options);
    t->pipe = kit_open(name, false);
    wait_for(t->s.opened, 1);
    t->began = GetTickCount64();
}

static void stage_close(stage *t)
{
    CloseHandle(t->pipe);
    pp_conn_unref(&t->s.conn);
    if (t->port)
        kit_close(&t->port);
}

TEST_CASE(a_graceful_close_waits_for_a_slow_reader)
{
    stage t;

    stage_open(&t, 60000);
    assert_ok(pp_conn_close(t.s.conn));
    assert_false(kit_wait_ms(&t.s.closed, 1, 200));
    assert_int_equal(kit_drain(t.pipe), 800 * KIB);
    wait_for(t.s.closed, 1);
    assert_status(t.s.reason, PP_OK);
    stage_close(&t);
}

TEST_CASE(the_drain_deadline_ends_a_close_that_cannot_finish)
{
    stage t;

    stage_open(&t, 300);
    assert_ok(pp_conn_close(t.s.conn));
    wait_for(t.s.closed, 1);
    assert_true(GetTickCount64() - t.began >= 280);
    assert_status(t.s.reason, PP_E_DRAIN_TIMEOUT);
    assert_int_equal(kit_stats(t.port).timeouts, 1);
    stage_close(&t);
}

TEST_CASE(an_abortive_close_does_not_wait)
{
    stage t;

    stage_open(&t, 60000);
    assert_ok(pp_conn_close(t.s.conn));
    assert_ok(pp_conn_abort(t.s.conn)); /* also in the middle of a graceful one */
    wait_for(t.s.closed, 1);
    assert_true(GetTickCount64() - t.began < 5000);
    assert_status(t.s.reason, PP_E_ABORTED);
    stage_close(&t);
}

TEST_CASE(stopping_the_port_keeps_to_the_drain_deadline)
{
    stage t;

    stage_open(&t, 400);
    kit_close(&t.port);
    assert_true(GetTickCount64() - t.began >= 380);
    assert_true(GetTickCount64() - t.began < 5000);
    assert_status(t.s.reason, PP_E_DRAIN_TIMEOUT);
    stage_close(&t);
}

TEST_CASE(buffers_shrink_when_a_connection_is_idle)
{
    static char data[60 * KIB];
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_MESSAGE; mode++) {
        rig *r = rig_open(1, (pp_mode)mode);
        ULONGLONG end = GetTickCount64() + KIT_WAIT_MS;
        HANDLE pipe;

        pipe = rig_client(r);
        for (int i = 0; i < 20; i++) {
            kit_write(pipe, data, sizeof data);
            kit_expect(pipe, data, sizeof data);
        }
        assert_true(kit_stats(r->port).bytes_buffered > 0);
        while (kit_stats(r->port).bytes_buffered > 0 && GetTickCount64() < end)
            kit_wait_ms(&r->counts.closed, 1, 50);
        assert_int_equal(kit_stats(r->port).bytes_buffered, 0);
        kit_write(pipe, "still here", 10);
        kit_expect(pipe, "still here", 10);
        CloseHandle(pipe);
        rig_close(r);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(a_queue_stops_at_the_high_mark_plus_one_message),
    TEST(an_echo_pauses_reading_from_a_client_that_never_reads),
    TEST(queues_never_pass_the_limit_of_the_port),
    TEST(half_sent_messages_never_pass_the_limit_and_all_complete),
    TEST(a_graceful_close_hands_over_what_was_accepted),
    TEST(a_graceful_close_waits_for_a_slow_reader),
    TEST(the_drain_deadline_ends_a_close_that_cannot_finish),
    TEST(an_abortive_close_does_not_wait),
    TEST(stopping_the_port_keeps_to_the_drain_deadline),
    TEST(buffers_shrink_when_a_connection_is_idle),
};

HARNESS_MAIN(tests)
