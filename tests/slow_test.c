/*
 * Callbacks over slow_callback_ms: counted, and logged with what they belong to.
 */
#include "kit.h"

typedef struct expected {
    const char *parts[3]; /* of the line that is waited for */
    volatile LONG lines, calls;
} expected;

static void find_line(void *user, pp_log_level level, const char *line)
{
    expected *e = user;

    (void)level;
    for (int i = 0; i < 3; i++)
        if (e->parts[i] && !strstr(line, e->parts[i]))
            return;
    kit_add(&e->lines, 1);
}

static pp_port *open_port(expected *e)
{
    pp_port_options options;
    pp_port *port;

    pp_port_options_init(&options);
    options.workers = 1;
    options.slow_callback_ms = 50;
    options.log = find_line;
    options.log_user = e;
    assert_ok(pp_port_open(&port, &options, NULL));
    return port;
}

static void dawdle(void)
{
    HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);

    WaitForSingleObject(never, 120);
    CloseHandle(never);
}

static pp_status echo_slowly(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    if (*(const char *)data == 's')
        dawdle();
    return pp_conn_send(conn, data, length);
}

TEST_CASE(a_slow_callback_is_reported_with_its_connection)
{
    expected e = {{"connection ", "process ", "on_message took"}, 0, 0};
    pp_port *port = open_port(&e);
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, PP_MODE_STREAM, NULL);
    HANDLE pipe;

    listen.conn.handlers = (pp_handlers){.on_message = echo_slowly};
    kit_listen(port, &listen);
    pipe = kit_open(name, false);
    kit_write(pipe, "q", 1);
    kit_expect(pipe, "q", 1);
    assert_int_equal(e.lines, 0);
    kit_write(pipe, "s", 1);
    kit_expect(pipe, "s", 1);
    wait_for(e.lines, 1);
    assert_int_equal(kit_stats(port).slow_callbacks, 1);
    CloseHandle(pipe);
    kit_close(&port);
}

/* In one write, so that the callbacks follow each other: each slow one counts by itself. */
TEST_CASE(each_slow_callback_among_quick_ones_is_reported)
{
    static const char orders[] = "qqqqqqqqqqqqqqqqqqqqsssqqqqqqqqqqqqqqqqqqqqqqqqsss";
    enum { ORDERS = sizeof orders - 1, SLOW = 6 };
    expected e = {{"connection ", "process ", "on_message took"}, 0, 0};
    pp_port *port = open_port(&e);
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, PP_MODE_FRAMED, NULL);
    char wire[5 * ORDERS];
    size_t size = 0;
    HANDLE pipe;

    listen.conn.handlers = (pp_handlers){.on_message = echo_slowly};
    kit_listen(port, &listen);
    pipe = kit_open(name, false);
    for (int i = 0; i < ORDERS; i++)
        size += kit_put_frame(wire + size, orders + i, 1);
    kit_write(pipe, wire, 20 * 5); /* quick ones, so that they share readings of the clock */
    kit_expect(pipe, wire, 20 * 5);
    kit_write(pipe, wire, size);
    kit_expect(pipe, wire, size);
    wait_for(e.lines, SLOW);
    assert_int_equal(kit_stats(port).slow_callbacks, SLOW);
    CloseHandle(pipe);
    kit_close(&port);
}

static void call_quickly(void *user, pp_status status)
{
    expected *e = user;

    (void)status;
    kit_add(&e->calls, 1);
}

static void call_slowly(void *user, pp_status status)
{
    dawdle();
    call_quickly(user, status);
}

TEST_CASE(a_slow_function_of_the_port_is_reported)
{
    expected e = {{"posted function took"}, 0, 0};
    pp_port *port = open_port(&e);

    assert_ok(pp_port_post(port, call_quickly, &e));
    assert_ok(pp_port_post(port, call_slowly, &e));
    wait_for(e.lines, 1);
    e.parts[0] = "timer's function took";
    assert_ok(pp_port_after(port, 1, call_slowly, &e, NULL));
    wait_for(e.lines, 2);
    assert_int_equal(e.calls, 3);
    assert_int_equal(kit_stats(port).slow_callbacks, 2);
    kit_close(&port);
}

static pp_status take_slowly(void *user, const void *data, size_t length)
{
    expected *e = user;

    (void)data;
    if (length > 1)
        dawdle();
    kit_add(&e->calls, 1);
    return PP_OK;
}

TEST_CASE(a_slow_consumer_of_datagrams_is_reported)
{
    expected e = {{"on_datagram took"}, 0, 0};
    pp_port *port = open_port(&e);
    pp_mailslot_options options;
    pp_mailslot *slot;
    pp_sender *sender;

    pp_mailslot_options_init(&options);
    options.name = kit_name();
    options.user = &e;
    options.on_datagram = take_slowly;
    e.parts[1] = options.name;
    assert_ok(pp_mailslot_listen(port, &options, &slot, NULL));
    assert_ok(pp_sender_open(&sender, options.name, NULL));
    assert_ok(pp_sender_send(sender, "q", 1));
    wait_for(e.calls, 1);
    assert_int_equal(e.lines, 0);
    assert_ok(pp_sender_send(sender, "slow", 4));
    wait_for(e.lines, 1);
    assert_int_equal(kit_stats(port).slow_callbacks, 1);
    assert_ok(pp_sender_close(&sender));
    assert_ok(pp_mailslot_close(&slot));
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(a_slow_callback_is_reported_with_its_connection),
    TEST(each_slow_callback_among_quick_ones_is_reported),
    TEST(a_slow_function_of_the_port_is_reported),
    TEST(a_slow_consumer_of_datagrams_is_reported),
};

HARNESS_MAIN(tests)
