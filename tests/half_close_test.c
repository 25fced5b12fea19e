/*
 * The end of sending, in every mode that has one. Each end gets what the other sends until it ends,
 * too. When both have ended, nothing can follow: the connection closes gracefully by itself.
 */
#include "kit.h"

#include "pipe/framing.h"

#define MESSAGES 20

typedef struct side {
    kit_counts counts;
    volatile LONG ends;
    pp_conn *conn; /* of the server's side */
} side;

static void note_open(pp_conn *conn, void *user)
{
    side *s = user;

    pp_conn_ref(conn);
    s->conn = conn;
    kit_add(&s->counts.opened, 1);
}

static void note_end(pp_conn *conn, void *user)
{
    (void)conn;
    kit_add(&((side *)user)->ends, 1);
}

static void answer_end(pp_conn *conn, void *user)
{
    pp_conn_end_sending(conn);
    kit_add(&((side *)user)->ends, 1);
}

/* The counts come first in a side, so the echo handlers count into it. */
static pp_handlers handlers_of(void (*on_end)(pp_conn *conn, void *user))
{
    pp_handlers handlers = kit_echo();

    handlers.on_open = note_open;
    handlers.on_end = on_end;
    return handlers;
}

static pp_conn *connect_sides(pp_port *port, pp_mode mode, side *server, side *client,
                              void (*on_end)(pp_conn *conn, void *user))
{
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, mode, &server->counts);
    pp_dial_options dial = kit_dial_options(name, mode, kit_counting(), client);
    pp_conn *conn;

    listen.conn.half_close = dial.conn.half_close = mode == PP_MODE_MESSAGE;
    listen.conn.handlers = handlers_of(on_end);
    listen.conn.user = server;
    dial.conn.handlers.on_end = note_end;
    kit_listen(port, &listen);
    assert_ok(pp_dial(port, &dial, &conn, NULL));
    return conn;
}

static void assert_closed_gracefully(side *s)
{
    wait_for(s->counts.closed, 1);
    assert_status(s->counts.reason, PP_OK);
    assert_int_equal(s->ends, 1);
}

/* The one that ends first hears the other's end in time. */
static void both_ends_close(pp_mode mode)
{
    pp_port *port = kit_port(2);
    side server = {0}, client = {0};
    pp_conn *conn = connect_sides(port, mode, &server, &client, answer_end);

    for (int i = 0; i < MESSAGES; i++)
        assert_ok(pp_conn_send(conn, "twenty", 6));
    assert_ok(pp_conn_end_sending(conn));
    assert_closed_gracefully(&client);
    assert_closed_gracefully(&server);
    assert_int_equal(client.counts.bytes, MESSAGES * 6);
    pp_conn_unref(&conn);
    pp_conn_unref(&server.conn);
    kit_close(&port);
}

/* The one that hears an end first ends later, from another thread. */
static void a_later_end_closes_both(pp_mode mode)
{
    pp_port *port = kit_port(2);
    side server = {0}, client = {0};
    pp_conn *conn = connect_sides(port, mode, &server, &client, note_end);

    wait_for(server.counts.opened, 1);
    assert_ok(pp_conn_end_sending(conn));
    wait_for(server.ends, 1);
    assert_status(pp_conn_send(conn, "late", 4), PP_E_ENDED);
    assert_ok(pp_conn_send(server.conn, "late", 4)); /* half-closed, not closed */
    wait_for(client.counts.messages, 1);
    assert_int_equal(server.counts.closed + client.counts.closed, 0);
    assert_ok(pp_conn_end_sending(server.conn));
    assert_closed_gracefully(&client);
    assert_closed_gracefully(&server);
    pp_conn_unref(&conn);
    pp_conn_unref(&server.conn);
    kit_close(&port);
}

TEST_CASE(both_ends_ended_close_gracefully_framed)
{
    both_ends_close(PP_MODE_FRAMED);
}

TEST_CASE(both_ends_ended_close_gracefully_message)
{
    both_ends_close(PP_MODE_MESSAGE);
}

TEST_CASE(a_later_end_closes_both_framed)
{
    a_later_end_closes_both(PP_MODE_FRAMED);
}

TEST_CASE(a_later_end_closes_both_message)
{
    a_later_end_closes_both(PP_MODE_MESSAGE);
}

/* In message mode an empty message is the end; whatever follows it is against the rule. */
TEST_CASE(a_message_after_the_end_of_sending_is_a_protocol_error)
{
    rig *r = rig_open(1, PP_MODE_MESSAGE);
    side server = {0};
    HANDLE pipe;

    r->listen.conn.half_close = true;
    r->listen.conn.handlers.on_end = note_end;
    r->listen.conn.user = &server;
    pipe = rig_client(r);
    kit_write(pipe, "one", 3);
    kit_write(pipe, "", 0);
    kit_write(pipe, "late", 4);
    wait_for(server.counts.closed, 1);
    assert_status(server.counts.reason, PP_E_PROTOCOL);
    assert_int_equal(server.counts.messages, 1);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(a_client_that_ends_its_sending_gets_every_reply)
{
    enum { FRAMES = 50, LENGTH = 1000 };
    static char wire[FRAMES * (LENGTH + 4) + 4], data[LENGTH];
    size_t size = 0;
    rig *r = rig_open(1, PP_MODE_FRAMED);
    HANDLE pipe;

    r->listen.conn.max_message = LENGTH;
    pipe = rig_client(r);
    for (int i = 0; i < FRAMES; i++) { /* more does not fit: nobody reads yet */
        kit_fill(data, sizeof data, (uint32_t)i, 0);
        size += kit_put_frame(wire + size, data, LENGTH);
    }
    framing_write(wire + size, FRAMING_END);
    kit_write(pipe, wire, size + FRAMING_HEADER);
    wait_for(r->counts.closed, 1); /* all replies are with the kernel */
    assert_status(r->counts.reason, PP_OK);
    kit_expect(pipe, wire, size);
    assert_int_equal(kit_drain(pipe), 0);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(data_after_the_end_of_sending_is_a_protocol_error)
{
    rig *r = rig_open(1, PP_MODE_FRAMED);
    side server = {0};
    char wire[16];
    HANDLE pipe;

    r->listen.conn.handlers.on_end = note_end;
    r->listen.conn.user = &server;
    pipe = rig_client(r);
    framing_write(wire, FRAMING_END);
    kit_write(pipe, wire, FRAMING_HEADER);
    wait_for(server.ends, 1);
    kit_write(pipe, wire, kit_put_frame(wire, "late", 4));
    wait_for(server.counts.closed, 1);
    assert_status(server.counts.reason, PP_E_PROTOCOL);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(an_end_of_sending_is_sent_after_what_was_accepted)
{
    rig *r = rig_open(1, PP_MODE_FRAMED);
    kit_counts client = {0};
    pp_dial_options dial;
    pp_conn *conn;

    r->listen.conn.max_message = 1000;
    rig_listen(r);
    dial = kit_dial_options(r->name, PP_MODE_FRAMED, kit_counting(), &client);
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    for (int i = 0; i < 20; i++)
        assert_ok(pp_conn_send(conn, "twenty", 6));
    assert_ok(pp_conn_end_sending(conn));
    assert_status(pp_conn_send(conn, "no", 2), PP_E_ENDED);
    wait_for(client.closed, 1); /* the server closes when it has answered */
    assert_int_equal(client.messages, 20);
    assert_status(client.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(half_close_in_message_mode_gets_every_reply)
{
    rig *r = rig_open(2, PP_MODE_MESSAGE);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    pp_conn *conn;

    r->listen.conn.half_close = dial.conn.half_close = true;
    rig_listen(r);
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    for (int i = 0; i < 100; i++)
        assert_ok(pp_conn_send(conn, "message", 7));
    assert_status(pp_conn_send(conn, NULL, 0), PP_E_ARGUMENT);
    assert_ok(pp_conn_end_sending(conn));
    assert_status(pp_conn_send(conn, "no", 2), PP_E_ENDED);
    wait_for(client.closed, 1);
    assert_int_equal(client.messages, 100);
    assert_int_equal(client.bytes, 700);
    assert_int_equal(r->counts.messages, 100);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(a_stream_has_no_end_of_sending)
{
    rig *r = rig_open(2, PP_MODE_STREAM);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    pp_conn *conn;

    rig_listen(r);
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    assert_status(pp_conn_end_sending(conn), PP_E_ARGUMENT);
    assert_ok(pp_conn_send(conn, NULL, 0));
    assert_ok(pp_conn_send(conn, "x", 1));
    wait_for(client.bytes, 1);
    pp_conn_unref(&conn);
    rig_close(r);
}

/* A blocking client. */
static pp_client *open_client(const rig *r)
{
    pp_client_options options = kit_client_options(r->name, r->listen.conn.mode);

    options.half_close = true;
    return kit_open_client(&options);
}

static void say_ready_and_end(pp_conn *conn, void *user)
{
    (void)user;
    pp_conn_send(conn, "ready", 5);
    pp_conn_end_sending(conn);
}

TEST_CASE(who_hears_an_end_still_sends_and_ends)
{
    for (int mode = PP_MODE_MESSAGE; mode <= PP_MODE_FRAMED; mode++) {
        rig *r = rig_open(1, (pp_mode)mode);
        pp_client *client;
        char got[16];
        size_t length;

        r->listen.conn.half_close = true;
        r->listen.conn.handlers = kit_counting();
        r->listen.conn.handlers.on_open = say_ready_and_end;
        rig_listen(r);
        client = open_client(r);
        assert_ok(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS));
        for (int i = 0; i < 2; i++)
            assert_status(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS),
                          PP_E_PEER_CLOSED);
        assert_ok(pp_client_send(client, "upload", 6, KIT_WAIT_MS));
        wait_for(r->counts.messages, 1);
        assert_int_equal(r->counts.bytes, 6);
        assert_ok(pp_client_end_sending(client, KIT_WAIT_MS));
        assert_status(pp_client_end_sending(client, KIT_WAIT_MS), PP_E_ENDED);
        assert_status(pp_client_send(client, "no", 2, KIT_WAIT_MS), PP_E_ENDED);
        wait_for(r->counts.closed, 1);
        assert_status(r->counts.reason, PP_OK);
        assert_ok(pp_client_close(&client));
        rig_close(r);
    }
}

TEST_CASE(ends_are_declared_and_seen)
{
    for (int mode = PP_MODE_MESSAGE; mode <= PP_MODE_FRAMED; mode++) {
        rig *r = rig_open(1, (pp_mode)mode);
        pp_client *client;
        char got[16];
        size_t length;

        r->listen.conn.half_close = true;
        rig_listen(r);
        client = open_client(r);
        assert_ok(pp_client_send(client, "one", 3, KIT_WAIT_MS));
        assert_ok(pp_client_send(client, "two", 3, KIT_WAIT_MS));
        assert_ok(pp_client_end_sending(client, KIT_WAIT_MS));
        assert_status(pp_client_send(client, "no", 2, 0), PP_E_ENDED);
        assert_ok(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS));
        assert_ok(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS));
        assert_memory_equal(got, "two", 3);
        assert_status(pp_client_receive(client, got, sizeof got, &length, KIT_WAIT_MS),
                      PP_E_PEER_CLOSED);
        assert_ok(pp_client_close(&client));
        rig_close(r);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(both_ends_ended_close_gracefully_framed),
    TEST(both_ends_ended_close_gracefully_message),
    TEST(a_later_end_closes_both_framed),
    TEST(a_later_end_closes_both_message),
    TEST(a_message_after_the_end_of_sending_is_a_protocol_error),
    TEST(a_client_that_ends_its_sending_gets_every_reply),
    TEST(data_after_the_end_of_sending_is_a_protocol_error),
    TEST(an_end_of_sending_is_sent_after_what_was_accepted),
    TEST(half_close_in_message_mode_gets_every_reply),
    TEST(a_stream_has_no_end_of_sending),
    TEST(who_hears_an_end_still_sends_and_ends),
    TEST(ends_are_declared_and_seen),
};

HARNESS_MAIN(tests)
