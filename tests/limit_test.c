/*
 * The port's limit, reached by whole connections: nobody who does what he should is stopped by it,
 * and nothing passes it.
 */
#include "kit.h"

#include "pipe/framing.h"

enum { KIB = 1024, MIB = 1024 * KIB };

/* ---- Sending and receiving at the limit ----------------------------------------------------- */

/* Connections that send until they are refused, and again when they are told; their user pointer.
 */
typedef struct feeder {
    volatile LONG *progress;
    uint32_t random;
    bool over;
} feeder;

enum { FEEDERS = 24, LONGEST = 150000 };

static void feed(pp_conn *conn, feeder *f)
{
    static const char junk[LONGEST];
    pp_status status = PP_OK;

    while (status == PP_OK) {
        size_t length;

        f->random = f->random * 1664525u + 1013904223u;
        length = f->random % 3 ? (f->random >> 8) % 2000 + 1 : (f->random >> 8) % LONGEST + 1;
        status = pp_conn_send(conn, junk, length);
    }
}

static void feeder_open(pp_conn *conn, void *user)
{
    feed(conn, user);
}

static void feeder_writable(pp_conn *conn, void *user)
{
    feed(conn, user);
}

static pp_status feeder_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)conn, (void)data, (void)length;
    kit_add(((feeder *)user)->progress, 1);
    return PP_OK;
}

/* All is moving as long as answers come: also when the limit has been reached for a long time. */
TEST_CASE(who_reads_and_writes_at_the_limit_never_stops)
{
    for (pp_mode mode = PP_MODE_MESSAGE; mode <= PP_MODE_FRAMED; mode++) {
        pp_port *clients = kit_port_limited(2, MIB), *service = kit_port(2);
        const char *name = kit_name();
        kit_counts served = {0};
        volatile LONG progress = 0;
        feeder feeders[FEEDERS];
        pp_listen_options listen = kit_listen_options(name, mode, &served);
        pp_dial_options dial = kit_dial_options(name, mode, (pp_handlers){0}, NULL);
        ULONGLONG end;

        listen.pipe_buffer = 4 * KIB;
        listen.conn.max_message = dial.conn.max_message = LONGEST;
        dial.conn.handlers.on_open = feeder_open;
        dial.conn.handlers.on_message = feeder_message;
        dial.conn.handlers.on_writable = feeder_writable;
        kit_listen(service, &listen);
        for (int i = 0; i < FEEDERS; i++) {
            feeders[i] = (feeder){.progress = &progress, .random = (uint32_t)i * 77};
            dial.conn.user = &feeders[i];
            assert_ok(pp_dial(clients, &dial, NULL, NULL));
        }
        for (end = GetTickCount64() + 6000; GetTickCount64() < end;) {
            assert_true(kit_wait_ms(&progress, progress + 100, KIT_WAIT_MS));
            assert_true(kit_stats(clients).bytes_buffered <= MIB);
        }
        assert_true(kit_stats(clients).refused_sends > FEEDERS);
        assert_ok(pp_port_abort(clients));
        kit_close(&clients);
        kit_close(&service);
    }
}

/* ---- One room for what is received, one for the answer -------------------------------------- */

/* Dials nobody, and queues until it is refused. */
static pp_conn *fill(pp_port *port, const char *absent, uint64_t max_message)
{
    static char block[1000];
    pp_dial_options dial = kit_dial_options(absent, PP_MODE_STREAM, (pp_handlers){0}, NULL);
    pp_conn *conn;

    dial.conn.max_message = max_message;
    assert_ok(pp_dial(port, &dial, &conn, NULL));
    while (pp_conn_send(conn, block, sizeof block) == PP_OK) {
    }
    return conn;
}

/* A feed: a message makes it send all that it can, and so does any room. */
static void send_all(pp_conn *conn, void *user)
{
    static const char block[10000];

    (void)user;
    while (pp_conn_send(conn, block, sizeof block) == PP_OK) {
    }
}

static pp_status start_feed(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)data, (void)length;
    send_all(conn, user);
    kit_add(&((kit_counts *)user)->messages, 1);
    return PP_OK;
}

/* A blocking client that writes a message before it reads. */
static DWORD WINAPI write_one(void *argument)
{
    static char frame[FRAMING_HEADER + LONGEST];
    DWORD written;

    framing_write(frame, LONGEST);
    return WriteFile((HANDLE)argument, frame, sizeof frame, &written, NULL) ? 0 : 1;
}

TEST_CASE(what_a_connection_sends_leaves_room_for_what_it_receives)
{
    enum { FILLERS = 8 };
    pp_port *port = kit_port_limited(2, MIB);
    const char *name = kit_name();
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(name, PP_MODE_FRAMED, &counts);
    pp_conn *fillers[FILLERS];
    HANDLE pipe;

    options.pipe_buffer = 4 * KIB;
    options.conn.max_message = LONGEST;
    options.conn.handlers = kit_counting();
    options.conn.handlers.on_message = start_feed;
    options.conn.handlers.on_writable = send_all;
    kit_listen(port, &options);
    pipe = kit_open(name, false);
    wait_for(counts.opened, 1);
    for (int i = 0; i < FILLERS; i++)
        fillers[i] = fill(port, kit_name(), LONGEST);
    for (int i = 1; i <= 2; i++) { /* the second when all that the first set off is queued */
        DWORD status;
        HANDLE thread = CreateThread(NULL, 0, write_one, pipe, 0, NULL);

        wait_for(counts.messages, i);
        assert_int_equal(WaitForSingleObject(thread, KIT_WAIT_MS), WAIT_OBJECT_0);
        assert_true(GetExitCodeThread(thread, &status));
        assert_int_equal(status, 0);
        CloseHandle(thread);
        assert_false(kit_wait_ms(&counts.closed, 1, 300));
    }
    assert_true(kit_stats(port).bytes_buffered_most <= MIB);
    CloseHandle(pipe);
    for (int i = 0; i < FILLERS; i++)
        pp_conn_unref(&fillers[i]);
    assert_ok(pp_port_abort(port));
    kit_close(&port);
}

/* Requests that have come whole fill the limit, and each answer is longer than its request. */
static pp_status answer_long(pp_conn *conn, void *user, const void *data, size_t length)
{
    static const char answer[20000];
    pp_status status = pp_conn_send(conn, answer, sizeof answer);

    (void)data, (void)length;
    if (status == PP_OK)
        kit_add(&((kit_counts *)user)->messages, 1);
    return status;
}

TEST_CASE(a_limit_full_of_requests_is_answered_one_by_one)
{
    enum { CLIENTS = 270, REQUEST = 5000, ANSWER = 20000 };
    static char frame[FRAMING_HEADER + REQUEST], answer[FRAMING_HEADER + ANSWER];
    pp_port *port = kit_port_limited(2, MIB);
    const char *name = kit_name();
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(name, PP_MODE_FRAMED, &counts);
    HANDLE pipes[CLIENTS], late;

    options.conn.max_message = ANSWER;
    options.conn.handlers = kit_counting();
    options.conn.handlers.on_message = answer_long;
    kit_listen(port, &options);
    framing_write(frame, REQUEST);
    framing_write(answer, ANSWER);
    for (int i = 0; i < CLIENTS; i++) {
        pipes[i] = kit_open(name, false);
        kit_write(pipes[i], frame, sizeof frame - 1);
    }
    wait_for(counts.opened, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        kit_write(pipes[i], frame, 1);
    late = kit_open(name, false);
    kit_write(late, frame, sizeof frame);
    for (int i = CLIENTS - 1; i >= 0; i--) /* not in the order in which they were answered */
        kit_expect(pipes[i], answer, sizeof answer);
    kit_expect(late, answer, sizeof answer);
    assert_true(kit_stats(port).bytes_buffered_most <= MIB);
    for (int i = 0; i < CLIENTS; i++)
        CloseHandle(pipes[i]);
    CloseHandle(late);
    kit_close(&port);
}

/* ---- What counts ---------------------------------------------------------------------------- */

TEST_CASE(read_buffers_that_are_empty_hold_nobody_up)
{
    enum { CLIENTS = 53, LENGTH = 20000 };
    static char frame[FRAMING_HEADER + LENGTH];
    pp_port *port = kit_port_limited(2, MIB);
    const char *name = kit_name();
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(name, PP_MODE_FRAMED, &counts);
    HANDLE pipes[CLIENTS];
    ULONGLONG began = GetTickCount64();
    pp_conn *conn;

    options.conn.max_message = LENGTH;
    options.conn.handlers = kit_counting();
    kit_listen(port, &options);
    framing_write(frame, LENGTH);
    for (int i = 0; i < CLIENTS; i++) {
        pipes[i] = kit_open(name, false);
        kit_write(pipes[i], frame, sizeof frame);
    }
    wait_for(counts.messages, CLIENTS);
    assert_true(GetTickCount64() - began < 4000); /* buffers shrink after 5 s */
    conn = fill(port, kit_name(), LENGTH);
    assert_true(pp_conn_queued(conn) > 300 * KIB); /* as much as if nobody had come */
    assert_ok(pp_conn_abort(conn));
    pp_conn_unref(&conn);
    for (int i = 0; i < CLIENTS; i++)
        CloseHandle(pipes[i]);
    kit_close(&port);
}

/* One reader has grown its buffer, another is inside a message and keeps the room for that, and
 * queues fill the rest. A third waits until the first has read again. */
TEST_CASE(who_reads_on_makes_room_for_a_reader_that_waits)
{
    enum { FILLERS = 8, LENGTH = 100000 };
    static char frame[FRAMING_HEADER + LENGTH], small[64 * KIB];
    pp_port *port = kit_port_limited(2, MIB);
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_FRAMED, &counts);
    ULONGLONG began = GetTickCount64();
    pp_conn *fillers[FILLERS];
    HANDLE pipes[3];
    uint64_t before;

    options.pipe_buffer = 256 * KIB;
    options.conn.max_message = LENGTH;
    options.conn.handlers = kit_counting();
    kit_listen(port, &options);
    for (size_t i = 0; i < sizeof small; i += KIB)
        framing_write(small + i, KIB - FRAMING_HEADER);
    framing_write(frame, LENGTH);
    for (int i = 0; i < 3; i++)
        pipes[i] = kit_open(options.name, false);
    kit_write(pipes[0], small, sizeof small);
    wait_until(kit_stats(port).bytes_buffered >= 63 * KIB);
    for (int i = 0; i < FILLERS; i++)
        fillers[i] = fill(port, kit_name(), LENGTH);
    before = kit_stats(port).bytes_buffered;
    kit_write(pipes[1], frame, FRAMING_HEADER);
    wait_until(kit_stats(port).bytes_buffered >= before + LENGTH / 2);
    kit_write(pipes[2], frame, sizeof frame);
    assert_false(kit_wait_ms(&counts.messages, sizeof small / KIB + 1, 200));
    kit_write(pipes[0], small, KIB);
    wait_for(counts.messages, sizeof small / KIB + 2);
    assert_true(GetTickCount64() - began < 4000); /* buffers shrink after 5 s */
    for (int i = 0; i < 3; i++)
        CloseHandle(pipes[i]);
    for (int i = 0; i < FILLERS; i++)
        pp_conn_unref(&fillers[i]);
    assert_ok(pp_port_abort(port));
    kit_close(&port);
}

TEST_CASE(a_shared_buffer_of_one_byte_counts_for_what_it_costs)
{
    pp_port *port = kit_port_limited(1, MIB);
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_STREAM, (pp_handlers){0}, NULL);
    pp_buffer *buffer = pp_buffer_new(1);
    pp_conn *conn;
    int sent = 0;

    dial.conn.high_mark = 16 * MIB;
    assert_ok(pp_dial(port, &dial, &conn, NULL));
    while (pp_conn_send_buffer(conn, buffer) == PP_OK)
        sent++;
    assert_in_range(sent, 1000, MIB / 16);
    assert_true(kit_stats(port).bytes_buffered > (uint64_t)sent);
    assert_ok(pp_conn_abort(conn));
    pp_conn_unref(&conn);
    pp_buffer_unref(&buffer);
    kit_close(&port);
}

static size_t room_of(pp_port *port)
{
    pp_conn *conn = fill(port, kit_name(), 1000);
    size_t queued = pp_conn_queued(conn);

    pp_conn_abort(conn);
    pp_conn_unref(&conn);
    while (kit_stats(port).bytes_buffered > 0)
        SwitchToThread();
    return queued;
}

TEST_CASE(what_is_kept_back_goes_with_who_needed_it)
{
    pp_port *port = kit_port_limited(2, 2 * MIB);
    const char *name = kit_name();
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(name, PP_MODE_STREAM, &counts);
    pp_listener *listener, *other;
    size_t before, with_long;

    options.conn.max_message = 1000;
    kit_listen(port, &options);
    before = room_of(port);
    options.conn.max_message = MIB;
    assert_status(pp_listen(port, &options, &other, NULL), PP_E_NAME_TAKEN);
    assert_int_equal(room_of(port), before);
    options.name = kit_name();
    listener = kit_listen(port, &options);
    with_long = room_of(port);
    assert_true(with_long < before);
    assert_ok(pp_listener_close(&listener));
    wait_until(room_of(port) == before);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(who_reads_and_writes_at_the_limit_never_stops),
    TEST(what_a_connection_sends_leaves_room_for_what_it_receives),
    TEST(a_limit_full_of_requests_is_answered_one_by_one),
    TEST(read_buffers_that_are_empty_hold_nobody_up),
    TEST(who_reads_on_makes_room_for_a_reader_that_waits),
    TEST(a_shared_buffer_of_one_byte_counts_for_what_it_costs),
    TEST(what_is_kept_back_goes_with_who_needed_it),
};

HARNESS_MAIN(tests)
