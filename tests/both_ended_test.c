/*
 * A connection whose two ends have both declared the end of their sending: nothing can follow, so
 * it closes gracefully by itself, at both ends, in every mode that has an end of sending.
 */
#include "kit.h"

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
    pp_port *port = kit_port(1);
    side server = {0};
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, PP_MODE_MESSAGE, &server.counts);
    HANDLE pipe;

    listen.conn.half_close = true;
    listen.conn.handlers.on_end = note_end;
    listen.conn.user = &server;
    kit_listen(port, &listen);
    pipe = kit_open(name, true);
    kit_write(pipe, "one", 3);
    kit_write(pipe, "", 0);
    kit_write(pipe, "late", 4);
    wait_for(server.counts.closed, 1);
    assert_status(server.counts.reason, PP_E_PROTOCOL);
    assert_int_equal(server.counts.messages, 1);
    CloseHandle(pipe);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(both_ends_ended_close_gracefully_framed),
    TEST(both_ends_ended_close_gracefully_message),
    TEST(a_later_end_closes_both_framed),
    TEST(a_later_end_closes_both_message),
    TEST(a_message_after_the_end_of_sending_is_a_protocol_error),
};

HARNESS_MAIN(tests)
