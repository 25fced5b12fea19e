/*
 * Framed mode: frames however the bytes arrive, and what ends a connection.
 */
#include "kit.h"

#include "pipe/framing.h"

/* Appends a frame; returns its size. */
static size_t put_frame(char *at, const void *data, size_t length)
{
    framing_write(at, (uint32_t)length);
    memcpy(at + FRAMING_HEADER, data, length);
    return FRAMING_HEADER + length;
}

typedef struct bench {
    pp_port *port;
    kit_counts counts;
    pp_listener *listener;
    const char *name;
} bench;

static void bench_open(bench *b, uint64_t max_message)
{
    pp_listen_options options;

    *b = (bench){.port = kit_port(1), .name = kit_name()};
    options = kit_listen_options(b->name, PP_MODE_FRAMED, &b->counts);
    options.conn.max_message = max_message;
    b->listener = kit_listen(b->port, &options);
}

TEST_CASE(frames_may_be_split_and_merged_anywhere)
{
    char wire[256];
    size_t size = 0;
    bench b;
    HANDLE pipe;

    bench_open(&b, 1000);
    size += put_frame(wire + size, "first", 5);
    size += put_frame(wire + size, "", 0);
    size += put_frame(wire + size, "third message", 13);
    pipe = kit_open(b.name, false);
    for (size_t cut = 0; cut <= size; cut++) { /* two writes, or one */
        if (cut > 0)
            kit_write(pipe, wire, cut);
        if (cut < size)
            kit_write(pipe, wire + cut, size - cut);
        kit_expect(pipe, wire, size);
    }
    for (size_t i = 0; i < size; i++) /* byte by byte */
        kit_write(pipe, wire + i, 1);
    kit_expect(pipe, wire, size);
    assert_int_equal(b.counts.messages, 3 * ((LONG)size + 2));
    CloseHandle(pipe);
    wait_for(b.counts.closed, 1);
    assert_status(b.counts.reason, PP_E_PEER_CLOSED);
    kit_close(&b.port);
}

TEST_CASE(the_longest_frame_passes_and_one_byte_more_does_not)
{
    static char data[70001], wire[70008];
    bench b;
    HANDLE pipe, other;

    bench_open(&b, 70000);
    kit_fill(data, sizeof data, 7, 0);
    pipe = kit_open(b.name, false);
    other = kit_open(b.name, false);
    kit_write(pipe, wire, put_frame(wire, data, 70000));
    kit_expect(pipe, wire, 70004);
    framing_write(wire, 70001);
    kit_write(pipe, wire, FRAMING_HEADER);
    wait_for(b.counts.closed, 1);
    assert_status(b.counts.reason, PP_E_TOO_LONG);
    kit_write(other, wire, put_frame(wire, "x", 1));
    kit_expect(other, wire, 5);
    CloseHandle(pipe);
    CloseHandle(other);
    kit_close(&b.port);
}

TEST_CASE(an_unknown_control_frame_ends_the_connection)
{
    static const uint32_t unknown[] = {FRAMING_CONTROL, FRAMING_CONTROL | 2, 0xFFFFFFFFu};
    bench b;

    bench_open(&b, 1000);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        HANDLE pipe = kit_open(b.name, false);
        char wire[16];
        size_t size = put_frame(wire, "ok", 2);

        framing_write(wire + size, unknown[i]);
        kit_write(pipe, wire, size + FRAMING_HEADER);
        wait_for(b.counts.closed, (LONG)i + 1);
        assert_status(b.counts.reason, PP_E_PROTOCOL);
        CloseHandle(pipe);
    }
    assert_int_equal(b.counts.messages, 3);
    kit_close(&b.port);
}

TEST_CASE(a_stream_that_ends_inside_a_frame_is_truncated)
{
    bench b;
    char wire[64];
    size_t size = put_frame(wire, "0123456789", 10);

    bench_open(&b, 1000);
    for (size_t cut = 1; cut < size; cut++) {
        HANDLE pipe = kit_open(b.name, false);

        kit_write(pipe, wire, cut);
        CloseHandle(pipe);
        wait_for(b.counts.closed, (LONG)cut);
        assert_status(b.counts.reason, PP_E_TRUNCATED);
    }
    assert_int_equal(b.counts.messages, 0);
    assert_int_equal(kit_stats(b.port).connections_ended[PP_E_TRUNCATED], size - 1);
    kit_close(&b.port);
}

TEST_CASE(a_client_that_ends_its_sending_gets_every_reply)
{
    enum { FRAMES = 50, LENGTH = 1000 };
    static char wire[FRAMES * (LENGTH + 4) + 4], data[LENGTH];
    size_t size = 0;
    bench b;
    HANDLE pipe;

    bench_open(&b, LENGTH);
    pipe = kit_open(b.name, false);
    for (int i = 0; i < FRAMES; i++) { /* more does not fit: nobody reads yet */
        kit_fill(data, sizeof data, (uint32_t)i, 0);
        size += put_frame(wire + size, data, LENGTH);
    }
    framing_write(wire + size, FRAMING_END);
    kit_write(pipe, wire, size + FRAMING_HEADER);
    wait_for(b.counts.closed, 1); /* all replies are with the kernel */
    assert_status(b.counts.reason, PP_OK);
    kit_expect(pipe, wire, size);
    assert_int_equal(kit_drain(pipe), 0);
    CloseHandle(pipe);
    kit_close(&b.port);
}

static volatile LONG ends;

static void count_end(pp_conn *conn, void *user)
{
    (void)conn, (void)user;
    kit_add(&ends, 1);
}

TEST_CASE(data_after_the_end_of_sending_is_a_protocol_error)
{
    rig *r = rig_open(1, PP_MODE_FRAMED);
    char wire[16];
    HANDLE pipe;

    r->listen.conn.handlers.on_end = count_end;
    pipe = rig_client(r);
    framing_write(wire, FRAMING_END);
    kit_write(pipe, wire, FRAMING_HEADER);
    wait_for(ends, 1);
    kit_write(pipe, wire, put_frame(wire, "late", 4));
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_PROTOCOL);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(an_end_of_sending_is_sent_after_what_was_accepted)
{
    bench b;
    kit_counts client = {0};
    pp_dial_options dial;
    pp_conn *conn;

    bench_open(&b, 1000);
    dial = kit_dial_options(b.name, PP_MODE_FRAMED, kit_counting(), &client);
    assert_ok(pp_dial(b.port, &dial, &conn, NULL));
    for (int i = 0; i < 20; i++)
        assert_ok(pp_conn_send(conn, "twenty", 6));
    assert_ok(pp_conn_end_sending(conn));
    assert_status(pp_conn_send(conn, "no", 2), PP_E_ENDED);
    wait_for(client.closed, 1); /* the server closes when it has answered */
    assert_int_equal(client.messages, 20);
    assert_status(client.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    kit_close(&b.port);
}

static const struct CMUnitTest tests[] = {
    TEST(frames_may_be_split_and_merged_anywhere),
    TEST(the_longest_frame_passes_and_one_byte_more_does_not),
    TEST(an_unknown_control_frame_ends_the_connection),
    TEST(a_stream_that_ends_inside_a_frame_is_truncated),
    TEST(a_client_that_ends_its_sending_gets_every_reply),
    TEST(data_after_the_end_of_sending_is_a_protocol_error),
    TEST(an_end_of_sending_is_sent_after_what_was_accepted),
};

HARNESS_MAIN(tests)
