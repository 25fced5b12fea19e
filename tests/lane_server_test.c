/*
 * A server of a lane that is not pipeport's, and that lies to the client about its memory.
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
    RING = 4096,
    SECTION = 4096 + 2 * RING,
    LANE_FRAME = FRAMING_HEADER + FRAMING_LANE_SIZE,
    BUFFERS = 0x195B
};

#define SECRET "0123456789abcdef"
#define PROOF 2048 /* where the section repeats the random bytes of the offer */

typedef struct talker {
    kit_counts counts; /* first: the handlers of the kit count into it */
    volatile LONG answers;
} talker;

static pp_status go_on(pp_conn *conn, void *user, const void *data, size_t length)
{
    kit_add(&((talker *)user)->answers, 1);
    return pp_conn_send(conn, data, length);
}

static void begin(pp_conn *conn, void *user)
{
    (void)user;
    pp_conn_send(conn, "x", 1);
}

/* Sends back what comes, until a frame about a lane comes; returns after how many messages. */
static int echo_until_lane(HANDLE pipe, char *wire)
{
    DWORD count;

    for (int messages = 0;; messages++) {
        assert_true(ReadFile(pipe, wire, FRAMING_HEADER, &count, NULL));
        assert_int_equal(count, FRAMING_HEADER);
        if (framing_read(wire) == FRAMING_LANE) {
            assert_true(ReadFile(pipe, wire + FRAMING_HEADER, FRAMING_LANE_SIZE, &count, NULL));
            return messages;
        }
        kit_expect(pipe, "x", 1);
        kit_write(pipe, "\1\0\0\0x", 5);
    }
}

typedef struct scene {
    pp_port *port;
    talker talker;
    pp_conn *conn;
    HANDLE pipe;
    char wire[LANE_FRAME], offer[LANE_FRAME];
} scene;

/* A client whose offer has come. */
static scene *scene_open(uint64_t max_lane_bytes)
{
    static scene s;
    pp_handlers handlers = kit_counting();
    pp_port_options options;
    pp_dial_options dial;
    char path[128];
    const char *name = kit_name();

    s = (scene){0};
    pp_port_options_init(&options);
    options.workers = 1;
    options.max_lane_bytes = max_lane_bytes;
    assert_ok(pp_port_open(&s.port, &options, NULL));
    snprintf(path, sizeof path, "\\\\.\\pipe\\%s", name);
    s.pipe =
        CreateNamedPipeA(path, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, BUFFERS, BUFFERS, 0, NULL);
    assert_ptr_not_equal(s.pipe, INVALID_HANDLE_VALUE);
    handlers.on_open = begin;
    handlers.on_message = go_on;
    dial = kit_dial_options(name, PP_MODE_FRAMED, handlers, &s.talker);
    assert_ok(pp_dial(s.port, &dial, &s.conn, NULL));
    assert_true(ConnectNamedPipe(s.pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED);
    echo_until_lane(s.pipe, s.wire);
    assert_int_equal(s.wire[FRAMING_HEADER + 1], OFFER);
    memcpy(s.offer, s.wire, sizeof s.offer);
    return &s;
}

static void scene_accept(scene *s, uint32_t ring_size)
{
    memset(s->wire + FRAMING_HEADER, 0, FRAMING_LANE_SIZE);
    s->wire[FRAMING_HEADER] = 1;
    s->wire[FRAMING_HEADER + 1] = ACCEPT;
    s->wire[FRAMING_HEADER + 4] = 1;
    framing_write(s->wire + FRAMING_HEADER + 8, ring_size);
    memcpy(s->wire + FRAMING_HEADER + 16, SECRET, 16);
    kit_write(s->pipe, s->wire, LANE_FRAME);
}

static void scene_close(scene *s)
{
    CloseHandle(s->pipe);
    wait_for(s->talker.counts.closed, 1);
    pp_conn_unref(&s->conn);
    kit_close(&s->port);
}

/* The client says why, and goes on by the pipe. */
static void scene_expect_decline(scene *s, pp_lane_reason reason)
{
    LONG answers;

    echo_until_lane(s->pipe, s->wire);
    assert_int_equal(s->wire[FRAMING_HEADER + 1], DECLINE);
    assert_int_equal(s->wire[FRAMING_HEADER + 2], reason);
    assert_int_equal(kit_stats(s->port).lanes_refused[reason], 1);
    answers = s->talker.answers;
    for (int i = 0; i < 10; i++) {
        kit_expect(s->pipe, "\1\0\0\0x", 5);
        kit_write(s->pipe, "\1\0\0\0x", 5);
    }
    wait_for(s->talker.answers, answers + 10);
    scene_close(s);
}

/* Memory as a server of lanes has it, but for these protections and attributes. */
static HANDLE make_section(DWORD protection)
{
    char name[64];
    int at = snprintf(name, sizeof name, "Local\\pipeport-");
    HANDLE mapping;

    for (const char *c = SECRET; *c; c++)
        at += snprintf(name + at, sizeof name - (size_t)at, "%02x", (unsigned)*c);
    mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, protection, 0, SECTION, name);
    assert_non_null(mapping);
    return mapping;
}

TEST_CASE(an_acceptance_that_cannot_be_ends_the_connection)
{
    static const uint32_t sizes[] = {0, 5000, 2048, 2 * 1024 * 1024, 0x80000000};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        scene *s = scene_open(1024 * 1024);

        scene_accept(s, sizes[i]);
        wait_for(s->talker.counts.closed, 1);
        assert_status(s->talker.counts.reason, PP_E_PROTOCOL);
        scene_close(s);
    }
}

TEST_CASE(memory_that_is_not_there_is_declined)
{
    scene *s = scene_open(1024 * 1024);

    scene_accept(s, RING);
    scene_expect_decline(s, PP_LANE_DENIED);
}

/* Pages that are only reserved: the client would end at its first write. */
TEST_CASE(memory_that_could_go_away_is_declined)
{
    scene *s = scene_open(1024 * 1024);
    HANDLE mapping = make_section(PAGE_READWRITE | SEC_RESERVE);

    scene_accept(s, RING);
    scene_expect_decline(s, PP_LANE_SYSTEM);
    CloseHandle(mapping);
}

TEST_CASE(the_client_has_a_limit_of_its_own)
{
    scene *s = scene_open(0);
    HANDLE mapping = make_section(PAGE_READWRITE);

    scene_accept(s, RING);
    scene_expect_decline(s, PP_LANE_LIMIT);
    CloseHandle(mapping);
}

static void scene_prove(const scene *s, char *view)
{
    memcpy(view + PROOF, s->offer + FRAMING_HEADER + 16, 16);
}

/* As if the server named the memory of another server's lane. */
TEST_CASE(memory_that_was_not_made_for_the_offer_is_declined)
{
    scene *s = scene_open(1024 * 1024);
    HANDLE mapping = make_section(PAGE_READWRITE);

    scene_accept(s, RING);
    scene_expect_decline(s, PP_LANE_DENIED);
    CloseHandle(mapping);
}

/* The client has joined, is paused, and has not read our JOIN. It must ring for what it sends. */
TEST_CASE(a_client_that_has_joined_rings_before_it_knows_of_our_join)
{
    scene *s = scene_open(1024 * 1024);
    HANDLE mapping = make_section(PAGE_READWRITE);
    char *view = MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    ring in;

    scene_prove(s, view);
    ring_init(&in, (ring_shared *)(void *)view, view + 4096, RING);
    scene_accept(s, RING);
    echo_until_lane(s->pipe, s->wire);
    assert_int_equal(s->wire[FRAMING_HEADER + 1], JOIN);
    assert_ok(pp_conn_pause(s->conn));
    while (ring_has_bytes(&in)) {
        char rest[64];

        ring_take(&in, rest, sizeof rest);
    }
    ring_ask_for_bytes(&in);
    assert_false(ring_has_bytes(&in));
    s->wire[FRAMING_HEADER + 1] = JOIN;
    kit_write(s->pipe, s->wire, LANE_FRAME);
    assert_ok(pp_conn_send(s->conn, "x", 1));
    kit_expect(s->pipe, "\3\0\0\x80", 4);
    assert_true(ring_has_bytes(&in));
    assert_ok(pp_conn_abort(s->conn)); /* paused, it does not see us leave */
    scene_close(s);
    UnmapViewOfFile(view);
    CloseHandle(mapping);
}

static const struct CMUnitTest tests[] = {
    TEST(an_acceptance_that_cannot_be_ends_the_connection),
    TEST(memory_that_is_not_there_is_declined),
    TEST(memory_that_could_go_away_is_declined),
    TEST(the_client_has_a_limit_of_its_own),
    TEST(memory_that_was_not_made_for_the_offer_is_declined),
    TEST(a_client_that_has_joined_rings_before_it_knows_of_our_join),
};

HARNESS_MAIN(tests)
