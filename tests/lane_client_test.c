/*
 * A client of a lane that is not pipeport's: it writes the frames of docs/wire-format.md by itself,
 * and what it must not write.
 */
#include "kit.h"

#include "pipe/framing.h"
#include "pipe/ring.h"

/* As docs/wire-format.md has them. */
enum {
    OFFER = 1,
    ACCEPT,
    DECLINE,
    JOIN,
    LEAVE,
    LANE_FRAME = FRAMING_HEADER + FRAMING_LANE_SIZE,
    HEAD = 4096 /* of a section: before the bytes of the rings */
};

static void put_lane_frame(char *wire, int version, int word, int machine)
{
    memset(wire, 0, LANE_FRAME);
    framing_write(wire, FRAMING_LANE);
    wire[FRAMING_HEADER] = (char)version;
    wire[FRAMING_HEADER + 1] = (char)word;
    wire[FRAMING_HEADER + 4] = (char)machine;
}

static void read_lane_frame(HANDLE pipe, char *wire, int word)
{
    DWORD count;

    assert_true(ReadFile(pipe, wire, LANE_FRAME, &count, NULL));
    assert_int_equal(count, LANE_FRAME);
    assert_int_equal(wire[FRAMING_HEADER + 1], word);
}

static void expect_decline(rig *r, int version, int machine, pp_lane_reason reason)
{
    char wire[LANE_FRAME];
    HANDLE pipe;

    rig_listen(r);
    pipe = rig_client(r);
    put_lane_frame(wire, version, OFFER, machine);
    kit_write(pipe, wire, sizeof wire);
    read_lane_frame(pipe, wire, DECLINE);
    assert_int_equal(wire[FRAMING_HEADER + 2], reason);
    kit_write(pipe, "\1\0\0\0x", 5); /* and goes on by the pipe */
    kit_expect(pipe, "\1\0\0\0x", 5);
    assert_int_equal(kit_stats(r->port).lanes_refused[reason], 1);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(an_offer_that_cannot_be_met_is_declined_with_the_reason)
{
    rig *r = rig_open(2, PP_MODE_FRAMED);

    r->listen.conn.lane = PP_LANE_OFF;
    expect_decline(r, 1, 1, PP_LANE_IS_OFF);
    expect_decline(rig_open(2, PP_MODE_FRAMED), 99, 1, PP_LANE_VERSION);
    expect_decline(rig_open(2, PP_MODE_FRAMED), 1, 99, PP_LANE_MACHINE);
}

TEST_CASE(a_word_out_of_turn_ends_the_connection)
{
    static const int words[] = {0, ACCEPT, DECLINE, JOIN, LEAVE, 77};
    rig *r = rig_open(2, PP_MODE_FRAMED);

    rig_listen(r);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char wire[LANE_FRAME];
        HANDLE pipe = rig_client(r);

        put_lane_frame(wire, 1, words[i], 1);
        kit_write(pipe, wire, sizeof wire);
        wait_for(r->counts.closed, (LONG)i + 1);
        assert_status(r->counts.reason, PP_E_PROTOCOL);
        CloseHandle(pipe);
    }
    rig_close(r);
}

/* One may come late, after its lane. */
TEST_CASE(a_bell_without_a_lane_means_nothing)
{
    rig *r = rig_open(2, PP_MODE_FRAMED);
    HANDLE pipe;

    rig_listen(r);
    pipe = rig_client(r);
    kit_write(pipe, "\3\0\0\x80\1\0\0\0x", 9);
    kit_expect(pipe, "\1\0\0\0x", 5);
    CloseHandle(pipe);
    rig_close(r);
}

/* ---- A lane by hand ------------------------------------------------------------------------- */

typedef struct hand {
    rig *rig;
    HANDLE pipe;
    char *view;
    ring out, in;
} hand;

static void hand_map(hand *h, const char *accept)
{
    const unsigned char *secret = (const unsigned char *)accept + FRAMING_HEADER + 16;
    uint32_t size = framing_read(accept + FRAMING_HEADER + 8);
    char name[64];
    HANDLE mapping;
    int at = snprintf(name, sizeof name, "Local\\pipeport-");

    for (int i = 0; i < 16; i++)
        at += snprintf(name + at, sizeof name - (size_t)at, "%02x", secret[i]);
    mapping = OpenFileMappingA(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, name);
    assert_non_null(mapping);
    h->view = MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    assert_non_null(h->view);
    CloseHandle(mapping);
    ring_init(&h->out, (ring_shared *)(void *)h->view, h->view + HEAD, size);
    ring_init(&h->in, (ring_shared *)(void *)h->view + 1, h->view + HEAD + size, size);
}

/* `answer`: on_message of the server. */
static hand hand_open_for(pp_status (*answer)(pp_conn *, void *, const void *, size_t))
{
    hand h = {.rig = rig_open(2, PP_MODE_FRAMED)};

    h.rig->listen.conn.lane_ring = 4096;
    h.rig->listen.conn.handlers.on_message = answer;
    rig_listen(h.rig);
    h.pipe = rig_client(h.rig);
    return h;
}

static hand hand_open(void)
{
    return hand_open_for(kit_echo().on_message);
}

/* `more` bytes of bells follow the JOIN. */
static void hand_join(hand *h, size_t more)
{
    char wire[LANE_FRAME + 100];

    put_lane_frame(wire, 1, OFFER, 1);
    kit_write(h->pipe, wire, LANE_FRAME);
    read_lane_frame(h->pipe, wire, ACCEPT);
    hand_map(h, wire);
    put_lane_frame(wire, 1, JOIN, 1);
    for (size_t at = 0; at < more; at += FRAMING_HEADER)
        framing_write(wire + LANE_FRAME + at, FRAMING_BELL);
    kit_write(h->pipe, wire, LANE_FRAME + more);
}

static void hand_joined(hand *h)
{
    char wire[LANE_FRAME];

    read_lane_frame(h->pipe, wire, JOIN);
}

static hand hand_open_joined(void)
{
    hand h = hand_open();

    hand_join(&h, 0);
    hand_joined(&h);
    return h;
}

static void hand_close(hand *h, pp_status reason)
{
    if (reason == PP_E_PEER_CLOSED)
        CloseHandle(h->pipe);
    wait_for(h->rig->counts.closed, 1);
    assert_int_equal(h->rig->counts.reason, reason);
    if (reason != PP_E_PEER_CLOSED)
        CloseHandle(h->pipe);
    UnmapViewOfFile(h->view);
    rig_close(h->rig);
}

/* The server may have left. */
static void hand_ring(hand *h)
{
    DWORD written;

    WriteFile(h->pipe, "\3\0\0\x80", 4, &written, NULL);
}

/* There are bytes: rings if the server asked for that. */
static void hand_rouse(hand *h)
{
    if (ring_rouses_consumer(&h->out))
        hand_ring(h);
}

TEST_CASE(a_client_without_pipeport_goes_by_a_lane)
{
    hand h = hand_open_joined();
    char answer[5];

    for (int i = 0; i < 1000; i++) {
        assert_int_equal(ring_put(&h.out, "\1\0\0\0x", 5), 5);
        hand_rouse(&h);
        wait_until(ring_has_bytes(&h.in));
        assert_int_equal(ring_take(&h.in, answer, sizeof answer), 5);
        assert_memory_equal(answer, "\1\0\0\0x", 5);
        if (ring_rouses_producer(&h.in))
            hand_ring(&h);
    }
    assert_true(kit_stats(h.rig->port).kernel_reads < 500);
    hand_close(&h, PP_E_PEER_CLOSED);
}

/* Sends messages of no bytes as long as there is room: a whole number of them fills a ring. */
static bool hand_fill(hand *h)
{
    while (ring_put(&h->out, "\0\0\0\0", 4) == 4)
        continue;
    hand_rouse(h);
    return h->rig->counts.closed == 0;
}

TEST_CASE(an_index_that_cannot_be_ends_the_connection)
{
    for (int head = 0; head < 2; head++) {
        hand h = hand_open_joined();

        if (!head)
            InterlockedExchange(&h.out.shared->tail.value, (LONG)h.out.size + 1);
        else /* more taken than was put in; seen when there is no room by the last index */
            InterlockedExchange(&h.in.shared->head.value, 0x40000000);
        hand_rouse(&h);
        wait_until(!head || h.rig->counts.closed || !hand_fill(&h));
        hand_close(&h, PP_E_PROTOCOL);
    }
}

TEST_CASE(a_message_by_the_pipe_beside_a_lane_ends_the_connection)
{
    hand h = hand_open_joined();

    kit_write(h.pipe, "\1\0\0\0x", 5);
    hand_close(&h, PP_E_PROTOCOL);
}

/* Bytes of the ring from the server, as they come. */
static void hand_take(hand *h, char *to, size_t count)
{
    for (size_t have = 0; have < count;) {
        wait_until(ring_has_bytes(&h->in));
        have += ring_take(&h->in, to + have, count - have);
        if (ring_rouses_producer(&h->in))
            hand_ring(h);
    }
}

static void hand_leave(hand *h)
{
    char wire[LANE_FRAME];

    put_lane_frame(wire, 1, LEAVE, 1);
    assert_int_equal(ring_put(&h->out, wire, sizeof wire), sizeof wire);
    hand_rouse(h);
}

TEST_CASE(who_has_left_a_lane_may_offer_again_at_once)
{
    hand h = hand_open_joined();
    char wire[LANE_FRAME];

    for (int i = 0; i < 300; i++) {
        hand_leave(&h);
        hand_take(&h, wire, sizeof wire);
        assert_int_equal(wire[FRAMING_HEADER + 1], LEAVE);
        UnmapViewOfFile(h.view);
        hand_join(&h, 0);
        hand_joined(&h);
    }
    wait_until(kit_stats(h.rig->port).lanes_total == 301); /* the last is counted after its JOIN */
    hand_close(&h, PP_E_PEER_CLOSED);
}

TEST_CASE(a_leave_that_finds_little_room_passes_in_parts)
{
    enum { SIZE_OF_ANSWER = 4096 - 10 };
    hand h = hand_open_joined();
    char wire[SIZE_OF_ANSWER], message[SIZE_OF_ANSWER - FRAMING_HEADER] = "x";

    assert_int_equal(ring_put(&h.out, wire, kit_put_frame(wire, message, sizeof message)),
                     sizeof wire);
    hand_rouse(&h);
    wait_until(*(volatile LONG *)&h.in.shared->tail.value == sizeof wire);
    hand_leave(&h);
    wait_until(*(volatile LONG *)&h.in.shared->tail.value == 4096);
    put_lane_frame(wire, 1, OFFER, 1); /* too early: the answer waits for the LEAVE */
    kit_write(h.pipe, wire, LANE_FRAME);
    hand_take(&h, wire, sizeof wire);
    hand_take(&h, wire, LANE_FRAME);
    assert_int_equal(wire[FRAMING_HEADER + 1], LEAVE);
    read_lane_frame(h.pipe, wire, ACCEPT);
    put_lane_frame(wire, 1, DECLINE, 1);
    kit_write(h.pipe, wire, LANE_FRAME);
    kit_write(h.pipe, "\1\0\0\0x", 5);
    kit_expect(h.pipe, "\1\0\0\0x", 5);
    hand_close(&h, PP_E_PEER_CLOSED);
}

static pp_status give_and_close(pp_conn *conn, void *user, const void *data, size_t length)
{
    static const char much[5000];

    (void)user, (void)data, (void)length;
    for (int i = 0; i < 4; i++)
        pp_conn_send(conn, much, sizeof much);
    pp_conn_close(conn);
    return PP_OK;
}

/* A server that closes forgets what comes, the LEAVE with it. Nothing that it has accepted is lost
 * by that; but it still sees a lie. */
TEST_CASE(who_leaves_a_server_that_closes_gets_all)
{
    for (int lies = 0; lies < 2; lies++) {
        static char all[4 * 5004];
        hand h = hand_open_for(give_and_close);

        hand_join(&h, 0);
        hand_joined(&h);
        assert_int_equal(ring_put(&h.out, "\1\0\0\0x", 5), 5);
        hand_rouse(&h);
        wait_until(*(volatile LONG *)&h.in.shared->tail.value == 4096);
        if (lies) {
            InterlockedExchange(&h.out.shared->tail.value, (LONG)h.out.size + 6);
            hand_rouse(&h);
            hand_close(&h, PP_E_PROTOCOL);
            continue;
        }
        hand_leave(&h);
        kit_write(h.pipe, "\1\0\0\0x", 5);
        hand_take(&h, all, sizeof all);
        hand_close(&h, PP_OK);
    }
}

TEST_CASE(a_bell_that_nobody_asked_for_ends_the_connection)
{
    hand early = hand_open(), late = hand_open_joined(), many = hand_open();

    hand_join(&early, 12);
    hand_close(&early, PP_E_PROTOCOL);
    hand_join(&many, 100);
    hand_close(&many, PP_E_PROTOCOL);
    for (int i = 0; i < 3; i++) /* the server may have asked for one, and for one more */
        hand_ring(&late);
    hand_close(&late, PP_E_PROTOCOL);
}

/* The answer to the first offer fails, since the client has gone; the second one comes in a later
 * turn. */
TEST_CASE(who_offers_twice_and_leaves_is_gone)
{
    enum { MESSAGES = 200, LENGTH = 1000 };
    static char wire[2 * LANE_FRAME + MESSAGES * (LENGTH + FRAMING_HEADER)], message[LENGTH];
    size_t size = LANE_FRAME;
    hand h = hand_open();

    put_lane_frame(wire, 1, OFFER, 1);
    for (int i = 0; i < MESSAGES; i++)
        size += kit_put_frame(wire + size, message, sizeof message);
    put_lane_frame(wire + size, 1, OFFER, 1);
    h.rig->listen.conn.handlers = kit_counting();
    kit_write(h.pipe, wire, size + LANE_FRAME);
    CloseHandle(h.pipe);
    wait_for(h.rig->counts.closed, 1);
    rig_close(h.rig);
}

static const struct CMUnitTest tests[] = {
    TEST(an_offer_that_cannot_be_met_is_declined_with_the_reason),
    TEST(a_word_out_of_turn_ends_the_connection),
    TEST(a_bell_without_a_lane_means_nothing),
    TEST(a_client_without_pipeport_goes_by_a_lane),
    TEST(an_index_that_cannot_be_ends_the_connection),
    TEST(a_message_by_the_pipe_beside_a_lane_ends_the_connection),
    TEST(who_has_left_a_lane_may_offer_again_at_once),
    TEST(a_leave_that_finds_little_room_passes_in_parts),
    TEST(who_leaves_a_server_that_closes_gets_all),
    TEST(a_bell_that_nobody_asked_for_ends_the_connection),
    TEST(who_offers_twice_and_leaves_is_gone),
};

HARNESS_MAIN(tests)
