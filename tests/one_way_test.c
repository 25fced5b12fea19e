/*
 * Pipes that others made one way: Windows lets in only who asks for that way alone. This program's
 * open_file is linked instead of the library's: it asks for generic rights besides, since Wine
 * looks at the direction of a pipe for those alone. It notes what the library asks for.
 */
#include "kit.h"

#include "pipe/open.h"

#define LEAST (FILE_READ_ATTRIBUTES | SYNCHRONIZE)
#define BOTH (FILE_READ_DATA | FILE_WRITE_DATA)

static DWORD asked[4]; /* by the opens of a test, one after the other */
static volatile LONG opens;

HANDLE open_file(const wchar_t *path, DWORD rights)
{
    LONG at = InterlockedIncrement(&opens) - 1;

    asked[at % 4] = rights;
    return CreateFileW(path,
                       rights | (rights & FILE_READ_DATA ? GENERIC_READ : 0) |
                           (rights & FILE_WRITE_DATA ? GENERIC_WRITE : 0),
                       0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

/* A server as others write it, with one instance; the way is PIPE_ACCESS_INBOUND or _OUTBOUND. */
static HANDLE plain_server(const char *name, DWORD way, pp_mode mode)
{
    char path[128];
    HANDLE server;

    opens = 0;
    snprintf(path, sizeof path, "\\\\.\\pipe\\%s", name);
    server = CreateNamedPipeA(path, way, mode == PP_MODE_MESSAGE ? PIPE_TYPE_MESSAGE : 0, 1, 4096,
                              4096, 0, NULL);
    assert_true(server != INVALID_HANDLE_VALUE);
    return server;
}

/* First both ways, then `alone`. */
static void expect_asked(pp_mode mode, DWORD alone)
{
    DWORD least = mode == PP_MODE_MESSAGE ? LEAST | FILE_WRITE_ATTRIBUTES : LEAST;

    assert_int_equal(opens, 2);
    assert_int_equal(asked[0], least | BOTH);
    assert_int_equal(asked[1], least | alone);
}

static pp_conn *dial(pp_port *port, const char *name, pp_mode mode, pp_direction direction,
                     kit_counts *counts)
{
    pp_dial_options options = kit_dial_options(name, mode, kit_counting(), counts);
    pp_conn *conn;

    options.conn.direction = direction;
    assert_ok(pp_dial(port, &options, &conn, NULL));
    return conn;
}

TEST_CASE(who_only_sends_reaches_a_pipe_that_only_takes)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        pp_port *port = kit_port(1);
        const char *name = kit_name();
        HANDLE server = plain_server(name, PIPE_ACCESS_INBOUND, (pp_mode)mode);
        bool framed = mode == PP_MODE_FRAMED;
        kit_counts counts = {0};
        pp_conn *conn = dial(port, name, (pp_mode)mode, PP_DIRECTION_OUTBOUND, &counts);

        wait_for(counts.opened, 1);
        expect_asked((pp_mode)mode, FILE_WRITE_DATA);
        assert_ok(pp_conn_send(conn, "hello", 5));
        kit_expect(server, framed ? "\5\0\0\0hello" : "hello", framed ? 9 : 5);
        assert_int_equal(counts.closed, 0);
        assert_ok(pp_conn_close(conn));
        wait_for(counts.closed, 1);
        assert_status(counts.reason, PP_OK);
        pp_conn_unref(&conn);
        CloseHandle(server);
        kit_close(&port);
    }
}

TEST_CASE(who_only_receives_reaches_a_pipe_that_only_gives)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        pp_port *port = kit_port(1);
        const char *name = kit_name();
        HANDLE server = plain_server(name, PIPE_ACCESS_OUTBOUND, (pp_mode)mode);
        bool framed = mode == PP_MODE_FRAMED;
        kit_counts counts = {0};
        pp_conn *conn = dial(port, name, (pp_mode)mode, PP_DIRECTION_INBOUND, &counts);

        wait_for(counts.opened, 1);
        expect_asked((pp_mode)mode, FILE_READ_DATA);
        kit_write(server, framed ? "\5\0\0\0hello" : "hello", framed ? 9 : 5);
        wait_for(counts.bytes, 5);
        CloseHandle(server);
        wait_for(counts.closed, 1);
        assert_status(counts.reason, PP_E_PEER_CLOSED);
        pp_conn_unref(&conn);
        kit_close(&port);
    }
}

TEST_CASE(who_cannot_read_learns_of_leaving_by_sending)
{
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    HANDLE server = plain_server(name, PIPE_ACCESS_INBOUND, PP_MODE_STREAM);
    kit_counts counts = {0};
    pp_conn *conn = dial(port, name, PP_MODE_STREAM, PP_DIRECTION_OUTBOUND, &counts);

    wait_for(counts.opened, 1);
    CloseHandle(server);
    assert_ok(pp_conn_send(conn, "anybody?", 8));
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_E_PEER_CLOSED);
    assert_int_equal(kit_stats(port).kernel_reads, 1); /* which was refused */
    pp_conn_unref(&conn);
    kit_close(&port);
}

static void pause_at_once(pp_conn *conn, void *user)
{
    pp_conn_pause(conn);
    kit_add(&((kit_counts *)user)->opened, 1);
}

/* While it is paused the send finds nobody, but not that nothing can be read. */
TEST_CASE(a_pause_ends_with_who_left_and_cannot_be_read)
{
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    HANDLE server = plain_server(name, PIPE_ACCESS_INBOUND, PP_MODE_STREAM);
    kit_counts counts = {0};
    pp_dial_options options = kit_dial_options(name, PP_MODE_STREAM, kit_counting(), &counts);
    pp_conn *conn;

    options.conn.direction = PP_DIRECTION_OUTBOUND;
    options.conn.handlers.on_open = pause_at_once;
    assert_ok(pp_dial(port, &options, &conn, NULL));
    wait_for(counts.opened, 1);
    CloseHandle(server);
    assert_ok(pp_conn_send(conn, "anybody?", 8));
    while (pp_conn_send(conn, "anybody?", 8) == PP_OK)
        assert_false(kit_wait_ms(&counts.closed, 1, 1));
    assert_ok(pp_conn_resume(conn));
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    kit_close(&port);
}

TEST_CASE(who_cannot_read_hands_over_all_before_it_closes)
{
    static char data[300000];
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    HANDLE server = plain_server(name, PIPE_ACCESS_INBOUND, PP_MODE_STREAM);
    kit_counts counts = {0};
    pp_conn *conn = dial(port, name, PP_MODE_STREAM, PP_DIRECTION_OUTBOUND, &counts);

    assert_ok(pp_conn_send(conn, data, sizeof data));
    wait_for(counts.opened, 1);
    assert_ok(pp_conn_close(conn));
    assert_false(kit_wait_ms(&counts.closed, 1, 50)); /* the server has not begun to read */
    assert_int_equal(kit_drain(server), sizeof data);
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_OK);
    assert_true(kit_stats(port).kernel_reads <= 1);
    pp_conn_unref(&conn);
    CloseHandle(server);
    kit_close(&port);
}

TEST_CASE(a_handle_that_cannot_be_read_can_be_adopted)
{
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    HANDLE server = plain_server(name, PIPE_ACCESS_INBOUND, PP_MODE_STREAM);
    kit_counts counts = {0};
    pp_conn_options options;
    wchar_t path[128];
    pp_conn *conn;
    HANDLE client;

    swprintf(path, sizeof path / sizeof *path, L"\\\\.\\pipe\\%hs", name);
    client = open_file(path, FILE_WRITE_DATA | LEAST);
    assert_true(client != INVALID_HANDLE_VALUE);
    pp_conn_options_init(&options);
    options.direction = PP_DIRECTION_OUTBOUND;
    options.handlers = kit_counting();
    options.user = &counts;
    assert_ok(pp_conn_adopt(port, client, &options, &conn, NULL));
    assert_ok(pp_conn_send(conn, "hello", 5));
    kit_expect(server, "hello", 5);
    CloseHandle(server);
    assert_int_equal(counts.closed, 0);
    assert_ok(pp_conn_send(conn, "anybody?", 8));
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    kit_close(&port);
}

static pp_status open_client(const char *name, pp_mode mode, pp_direction direction,
                             pp_client **client)
{
    pp_client_options options = kit_client_options(name, mode);

    options.direction = direction;
    options.half_close = true;
    options.timeout_ms = 0;
    return pp_client_open(client, &options, NULL);
}

TEST_CASE(a_blocking_client_goes_one_way)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        const char *taker = kit_name(), *giver = kit_name();
        const char *hello = mode == PP_MODE_FRAMED ? "\5\0\0\0hello" : "hello";
        size_t hellos = mode == PP_MODE_FRAMED ? 9 : 5, length;
        HANDLE server = plain_server(taker, PIPE_ACCESS_INBOUND, (pp_mode)mode);
        pp_client *client;
        char got[16];

        assert_ok(open_client(taker, (pp_mode)mode, PP_DIRECTION_OUTBOUND, &client));
        expect_asked((pp_mode)mode, FILE_WRITE_DATA);
        assert_ok(pp_client_send(client, "hello", 5, KIT_WAIT_MS));
        kit_expect(server, hello, hellos);
        assert_status(pp_client_receive(client, got, sizeof got, &length, 0), PP_E_DIRECTION);
        CloseHandle(server);
        assert_status(pp_client_send(client, "anybody?", 8, KIT_WAIT_MS), PP_E_PEER_CLOSED);
        assert_ok(pp_client_close(&client));

        server = plain_server(giver, PIPE_ACCESS_OUTBOUND, (pp_mode)mode);
        assert_ok(open_client(giver, (pp_mode)mode, PP_DIRECTION_INBOUND, &client));
        expect_asked((pp_mode)mode, FILE_READ_DATA);
        assert_status(pp_client_send(client, "no", 2, 0), PP_E_DIRECTION);
        if (mode != PP_MODE_STREAM)
            assert_status(pp_client_end_sending(client, 0), PP_E_DIRECTION);
        kit_write(server, hello, hellos);
        CloseHandle(server);
        assert_ok(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS));
        assert_int_equal(length, 5);
        assert_memory_equal(got, "hello", 5);
        assert_status(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS),
                      PP_E_PEER_CLOSED);
        assert_ok(pp_client_close(&client));
    }
}

TEST_CASE(who_asks_for_what_a_pipe_does_not_give_is_refused)
{
    pp_port *port = kit_port(1);
    const char *name = kit_name();
    HANDLE server = plain_server(name, PIPE_ACCESS_INBOUND, PP_MODE_STREAM);
    kit_counts counts = {0};
    pp_conn *both = dial(port, name, PP_MODE_STREAM, PP_DIRECTION_DUPLEX, &counts), *other;
    pp_client *client;

    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_E_ACCESS);
    assert_int_equal(opens, 1); /* who is to hear nothing must say so */
    other = dial(port, name, PP_MODE_STREAM, PP_DIRECTION_INBOUND, &counts);
    wait_for(counts.closed, 2);
    assert_int_equal(counts.reasons[PP_E_ACCESS], 2);
    assert_int_equal(counts.opened, 0);
    assert_status(open_client(name, PP_MODE_STREAM, PP_DIRECTION_DUPLEX, &client), PP_E_ACCESS);
    assert_status(open_client(name, PP_MODE_STREAM, PP_DIRECTION_INBOUND, &client), PP_E_ACCESS);
    pp_conn_unref(&both);
    pp_conn_unref(&other);
    CloseHandle(server);
    kit_close(&port);
}

TEST_CASE(who_sends_to_our_one_way_server_sees_it_leave)
{
    pp_port *port = kit_port(1), *serving = kit_port(1);
    const char *name = kit_name();
    kit_counts server = {0}, counts = {0};
    pp_listen_options listen = kit_listen_options(name, PP_MODE_STREAM, &server);
    pp_conn *conn;

    opens = 0;
    listen.conn.direction = PP_DIRECTION_INBOUND;
    listen.conn.handlers = kit_counting();
    kit_listen(serving, &listen);
    conn = dial(port, name, PP_MODE_STREAM, PP_DIRECTION_OUTBOUND, &counts);
    assert_ok(pp_conn_send(conn, "hello", 5));
    wait_for(server.bytes, 5);
    assert_int_equal(opens, 1);
    assert_int_equal(asked[0], LEAST | BOTH);
    kit_close(&serving);
    wait_for(counts.closed, 1); /* without a further send */
    assert_status(counts.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(who_only_sends_reaches_a_pipe_that_only_takes),
    TEST(who_only_receives_reaches_a_pipe_that_only_gives),
    TEST(who_cannot_read_learns_of_leaving_by_sending),
    TEST(a_pause_ends_with_who_left_and_cannot_be_read),
    TEST(who_cannot_read_hands_over_all_before_it_closes),
    TEST(a_handle_that_cannot_be_read_can_be_adopted),
    TEST(a_blocking_client_goes_one_way),
    TEST(who_asks_for_what_a_pipe_does_not_give_is_refused),
    TEST(who_sends_to_our_one_way_server_sees_it_leave),
};

HARNESS_MAIN(tests)
