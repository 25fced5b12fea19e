/*
 * Sockets that were adopted: every byte, both ends of sending, and a graceful close that loses
 * nothing. The other end is plain Winsock.
 */
#include <winsock2.h>

#include "kit.h"

#include <stdlib.h>

#define MUCH (100u * 1024 * 1024)
#define PIECE (64u * 1024)
#define QUIET_MS 500 /* when nothing came for so long, the slow reader says something */

/* A connected pair of sockets on the loopback. */
static void make_sockets(SOCKET *ours, SOCKET *other)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int size = sizeof address;
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *other = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(*other, (struct sockaddr *)&address, size), 0);
    *ours = accept(listener, NULL, NULL); /* asynchronous as every socket() is */
    assert_true(*ours != INVALID_SOCKET);
    closesocket(listener);
}

/* What our end does, as its callbacks' user: sends `to_send` bytes, counts and checks what comes.
 */
typedef struct ours {
    kit_counts counts;
    pp_conn *conn;
    uint64_t sent, to_send, got;
    volatile LONG wrong, ends;
} ours;

/* Sends as far as it is taken, and then says that this is all. */
static void send_on(pp_conn *conn, void *user)
{
    static char piece[PIECE];
    ours *o = user;
    pp_status status = PP_OK;

    while (o->sent < o->to_send && status == PP_OK) {
        size_t length = o->to_send - o->sent < PIECE ? (size_t)(o->to_send - o->sent) : PIECE;

        kit_fill(piece, length, 1, o->sent);
        status = pp_conn_send(conn, piece, length);
        if (status == PP_OK)
            o->sent += length;
    }
    if (status == PP_OK && o->sent == o->to_send)
        pp_conn_end_sending(conn);
}

static pp_status take_bytes(pp_conn *conn, void *user, const void *data, size_t length)
{
    ours *o = user;

    (void)conn;
    if (!kit_is_filled(data, length, 2, o->got))
        InterlockedIncrement(&o->wrong);
    o->got += length;
    return PP_OK;
}

/* The other end has said that this was all. */
static void answer_end(pp_conn *conn, void *user)
{
    ours *o = user;

    kit_add(&o->ends, 1);
    pp_conn_send(conn, "thanks", 6);
    pp_conn_close(conn);
}

static pp_conn *adopt(pp_port *port, SOCKET socket, pp_handlers handlers, void *user)
{
    pp_conn_options options;
    pp_conn *conn;
    pp_error error;

    pp_conn_options_init(&options);
    options.handlers = handlers;
    options.user = user;
    options.drain_timeout_ms = KIT_WAIT_MS;
    if (pp_conn_adopt(port, (void *)socket, &options, &conn, &error) != PP_OK)
        fail_msg("%s", error.message);
    return conn;
}

/* Reads until nothing more comes; the bytes, or SIZE_MAX for a reset connection. */
static size_t drain(SOCKET socket, void *data, size_t size)
{
    size_t all = 0;
    int got;

    while ((got = recv(socket, (char *)data + all, (int)(size - all), 0)) > 0)
        all += (size_t)got;
    return got == 0 ? all : SIZE_MAX;
}

static void wait_for_more(SOCKET socket)
{
    fd_set readable;
    struct timeval quiet = {0, QUIET_MS * 1000};

    FD_ZERO(&readable);
    FD_SET(socket, &readable);
    if (select(0, &readable, NULL, NULL, &quiet) == 0)
        send(socket, "?", 1, 0);
}

static void take_half_a_millisecond(void)
{
    LARGE_INTEGER frequency, began, now;

    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&began);
    do
        QueryPerformanceCounter(&now);
    while (now.QuadPart - began.QuadPart < frequency.QuadPart / 2000);
}

static pp_status count_questions(pp_conn *conn, void *user, const void *data, size_t length)
{
    ours *o = user;

    (void)conn, (void)data;
    o->got += length;
    return PP_OK;
}

TEST_CASE(a_slow_reader_of_a_socket_gets_every_byte)
{
    static char piece[PIECE];
    pp_handlers handlers = kit_counting();
    ours o = {.to_send = MUCH};
    pp_port *port = kit_port(1);
    SOCKET socket, other;
    uint64_t got = 0;

    make_sockets(&socket, &other);
    handlers.on_message = count_questions;
    handlers.on_writable = send_on;
    handlers.on_end = answer_end;
    o.conn = adopt(port, socket, handlers, &o);
    send_on(o.conn, &o); /* the first send is refused later, so that on_writable goes on */
    for (;;) {
        int length;

        wait_for_more(other);
        length = recv(other, piece, PIECE, 0);
        if (length <= 0)
            break;
        assert_true(kit_is_filled(piece, (size_t)length, 1, got));
        got += (uint64_t)length;
        take_half_a_millisecond();
    }
    assert_int_equal(got, MUCH); /* and its end */
    assert_status(pp_conn_send(o.conn, "x", 1), PP_E_ENDED);
    assert_int_equal(shutdown(other, SD_SEND), 0);
    wait_for(o.ends, 1);
    wait_for(o.counts.closed, 1);
    assert_status(o.counts.reason, PP_OK);
    closesocket(other);
    pp_conn_unref(&o.conn);
    kit_close(&port);
}

TEST_CASE(much_is_received_from_a_socket_and_its_end_answered)
{
    static char piece[PIECE];
    pp_handlers handlers = kit_counting();
    ours o = {0};
    pp_port *port = kit_port(1);
    SOCKET socket, other;

    make_sockets(&socket, &other);
    handlers.on_message = take_bytes;
    handlers.on_end = answer_end;
    o.conn = adopt(port, socket, handlers, &o);
    for (uint64_t sent = 0; sent < MUCH; sent += PIECE) {
        kit_fill(piece, PIECE, 2, sent);
        assert_int_equal(send(other, piece, PIECE, 0), PIECE);
    }
    assert_int_equal(shutdown(other, SD_SEND), 0);
    assert_int_equal(drain(other, piece, sizeof piece), 6);
    assert_memory_equal(piece, "thanks", 6);
    wait_for(o.counts.closed, 1);
    assert_status(o.counts.reason, PP_OK);
    assert_int_equal(o.got, MUCH);
    assert_int_equal(o.wrong, 0);
    assert_int_equal(o.ends, 1);
    closesocket(other);
    pp_conn_unref(&o.conn);
    kit_close(&port);
}

typedef struct sending {
    SOCKET socket;
    const char *data;
    int length;
} sending;

static DWORD WINAPI send_and_shut(void *argument)
{
    const sending *s = argument;

    send(s->socket, s->data, s->length, 0);
    shutdown(s->socket, SD_SEND);
    return 0;
}

/* A service that knows nothing of ends: the other end says that it is done, and then reads. */
TEST_CASE(who_shuts_its_sending_down_is_answered_in_full)
{
    enum { ALL = 5 * 1024 * 1024 };
    char *data = malloc(ALL), *got = malloc(ALL + 1);
    kit_counts counts = {0};
    pp_port *port = kit_port(1);
    sending s = {.data = data, .length = ALL};
    SOCKET socket;
    pp_conn *conn;
    HANDLE thread;

    assert_non_null(data);
    assert_non_null(got);
    make_sockets(&socket, &s.socket);
    conn = adopt(port, socket, kit_echo(), &counts);
    kit_fill(data, ALL, 3, 0);
    thread = CreateThread(NULL, 0, send_and_shut, &s, 0, NULL);
    assert_int_equal(drain(s.socket, got, ALL + 1), ALL);
    assert_memory_equal(got, data, ALL);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_OK);
    closesocket(s.socket);
    pp_conn_unref(&conn);
    kit_close(&port);
    free(data);
    free(got);
}

/* Closed at once, a socket with unread data is reset, and the last reply is gone. */
TEST_CASE(a_socket_closed_gracefully_delivers_to_who_still_writes)
{
    enum { REPLY = 1024 * 1024 };
    static char data[REPLY], got[REPLY + 1];
    kit_counts counts = {0};
    pp_port *port = kit_port(1);
    SOCKET socket, other;
    pp_conn *conn;
    size_t all = 0;
    int length;

    make_sockets(&socket, &other);
    conn = adopt(port, socket, kit_counting(), &counts);
    kit_fill(data, sizeof data, 4, 0);
    assert_ok(pp_conn_send(conn, data, sizeof data));
    assert_ok(pp_conn_close(conn));
    do {
        assert_int_equal(send(other, "chatter", 7, 0), 7);
        length = recv(other, got + all, 4096, 0);
        assert_true(length >= 0);
        all += (size_t)length;
    } while (length > 0);
    assert_int_equal(all, REPLY);
    assert_memory_equal(got, data, REPLY);
    assert_int_equal(counts.closed, 0); /* until the other end has closed, too */
    closesocket(other);
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_OK);
    pp_conn_unref(&conn);
    kit_close(&port);
}

TEST_CASE(a_socket_that_is_kept_open_holds_up_its_close_for_its_time)
{
    kit_counts counts = {0};
    pp_port *port = kit_port(1);
    pp_conn_options options;
    SOCKET socket, other;
    char byte;

    make_sockets(&socket, &other);
    pp_conn_options_init(&options);
    options.handlers = kit_echo();
    options.user = &counts;
    options.drain_timeout_ms = 200;
    assert_ok(pp_conn_adopt(port, (void *)socket, &options, NULL, NULL));
    assert_int_equal(send(other, "a", 1, 0), 1);
    assert_int_equal(recv(other, &byte, 1, 0), 1);
    assert_ok(pp_port_stop(port));
    assert_int_equal(recv(other, &byte, 1, 0), 0); /* told at once */
    assert_false(kit_wait_ms(&counts.closed, 1, 50));
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_OK);
    kit_close(&port);
    closesocket(other);
}

TEST_CASE(a_socket_is_closed_as_one)
{
    kit_counts counts = {0};
    pp_port *port = kit_port(1);
    pp_conn_options options;
    SOCKET socket, other,
        datagrams = WSASocketW(AF_INET, SOCK_DGRAM, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    pp_error error;

    make_sockets(&socket, &other);
    pp_conn_unref(&(pp_conn *){adopt(port, socket, kit_echo(), &counts)});
    closesocket(other);
    wait_for(counts.closed, 1);
    assert_int_equal(closesocket(socket), SOCKET_ERROR);
    assert_int_equal(WSAGetLastError(), WSAENOTSOCK);
    pp_conn_options_init(&options);
    assert_status(pp_conn_adopt(port, (void *)datagrams, &options, NULL, &error), PP_E_ARGUMENT);
    assert_non_null(strstr(error.message, "stream socket"));
    assert_int_equal(closesocket(datagrams), SOCKET_ERROR);
    kit_close(&port);
}

static int start_winsock(void **state)
{
    WSADATA wsa;

    (void)state;
    return WSAStartup(MAKEWORD(2, 2), &wsa);
}

static int stop_winsock(void **state)
{
    (void)state;
    return WSACleanup();
}

#define SOCKET_TEST(function)                                                                      \
    {                                                                                              \
#function, function, start_winsock, stop_winsock, NULL                                     \
    }

static void end_too(pp_conn *conn, void *user)
{
    kit_add(&((ours *)user)->ends, 1);
    pp_conn_end_sending(conn);
}

/* Nobody closes them: that both have ended their sending does. */
TEST_CASE(both_ends_of_a_socket_ended_close_gracefully)
{
    pp_handlers handlers = kit_counting();
    ours first = {0}, second = {0};
    pp_port *port = kit_port(2);
    SOCKET socket, other;

    make_sockets(&socket, &other);
    handlers.on_end = end_too;
    first.conn = adopt(port, socket, handlers, &first);
    second.conn = adopt(port, other, handlers, &second);
    assert_ok(pp_conn_send(first.conn, "all", 3));
    assert_ok(pp_conn_end_sending(first.conn));
    wait_for(first.counts.closed, 1);
    wait_for(second.counts.closed, 1);
    assert_status(first.counts.reason, PP_OK);
    assert_status(second.counts.reason, PP_OK);
    assert_int_equal(first.ends + second.ends, 2);
    assert_int_equal(second.counts.bytes, 3);
    pp_conn_unref(&first.conn);
    pp_conn_unref(&second.conn);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    SOCKET_TEST(a_slow_reader_of_a_socket_gets_every_byte),
    SOCKET_TEST(both_ends_of_a_socket_ended_close_gracefully),
    SOCKET_TEST(much_is_received_from_a_socket_and_its_end_answered),
    SOCKET_TEST(who_shuts_its_sending_down_is_answered_in_full),
    SOCKET_TEST(a_socket_closed_gracefully_delivers_to_who_still_writes),
    SOCKET_TEST(a_socket_that_is_kept_open_holds_up_its_close_for_its_time),
    SOCKET_TEST(a_socket_is_closed_as_one),
};

HARNESS_MAIN(tests)
