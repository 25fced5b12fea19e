/*
 * Framed mode: frames however the bytes arrive, and what ends a connection.
 */
#include "kit.h"

#include "pipe/framing.h"

TEST_CASE(frames_may_be_split_and_merged_anywhere)
{
    char wire[256];
    size_t size = 0;
    rig *r = rig_open(1, PP_MODE_FRAMED);
    HANDLE pipe;

    r->listen.conn.max_message = 1000;
    rig_listen(r);
    size += kit_put_frame(wire + size, "first", 5);
    size += kit_put_frame(wire + size, "", 0);
    size += kit_put_frame(wire + size, "third message", 13);
    pipe = rig_client(r);
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
    assert_int_equal(r->counts.messages, 3 * ((LONG)size + 2));
    CloseHandle(pipe);
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_PEER_CLOSED);
    rig_close(r);
}

TEST_CASE(the_longest_frame_passes_and_one_byte_more_does_not)
{
    static char data[70001], wire[70008];
    rig *r = rig_open(1, PP_MODE_FRAMED);
    HANDLE pipe, other;

    r->listen.conn.max_message = 70000;
    rig_listen(r);
    kit_fill(data, sizeof data, 7, 0);
    pipe = rig_client(r);
    other = rig_client(r);
    kit_write(pipe, wire, kit_put_frame(wire, data, 70000));
    kit_expect(pipe, wire, 70004);
    framing_write(wire, 70001);
    kit_write(pipe, wire, FRAMING_HEADER);
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_TOO_LONG);
    kit_write(other, wire, kit_put_frame(wire, "x", 1));
    kit_expect(other, wire, 5);
    CloseHandle(pipe);
    CloseHandle(other);
    rig_close(r);
}

TEST_CASE(an_unknown_control_frame_ends_the_connection)
{
    static const uint32_t unknown[] = {FRAMING_CONTROL, FRAMING_CONTROL | 4, 0xFFFFFFFFu};
    rig *r = rig_open(1, PP_MODE_FRAMED);

    r->listen.conn.max_message = 1000;
    rig_listen(r);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        HANDLE pipe = rig_client(r);
        char wire[16];
        size_t size = kit_put_frame(wire, "ok", 2);

        framing_write(wire + size, unknown[i]);
        kit_write(pipe, wire, size + FRAMING_HEADER);
        wait_for(r->counts.closed, (LONG)i + 1);
        assert_status(r->counts.reason, PP_E_PROTOCOL);
        CloseHandle(pipe);
    }
    assert_int_equal(r->counts.messages, 3);
    rig_close(r);
}

TEST_CASE(a_stream_that_ends_inside_a_frame_is_truncated)
{
    rig *r = rig_open(1, PP_MODE_FRAMED);
    char wire[64];
    size_t size = kit_put_frame(wire, "0123456789", 10);

    r->listen.conn.max_message = 1000;
    rig_listen(r);
    for (size_t cut = 1; cut < size; cut++) {
        HANDLE pipe = rig_client(r);

        kit_write(pipe, wire, cut);
        CloseHandle(pipe);
        wait_for(r->counts.closed, (LONG)cut);
        assert_status(r->counts.reason, PP_E_TRUNCATED);
    }
    assert_int_equal(r->counts.messages, 0);
    assert_int_equal(kit_stats(r->port).connections_ended[PP_E_TRUNCATED], size - 1);
    rig_close(r);
}

static const struct CMUnitTest tests[] = {
    TEST(frames_may_be_split_and_merged_anywhere),
    TEST(the_longest_frame_passes_and_one_byte_more_does_not),
    TEST(an_unknown_control_frame_ends_the_connection),
    TEST(a_stream_that_ends_inside_a_frame_is_truncated),
};

HARNESS_MAIN(tests)
