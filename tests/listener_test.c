/*
 * A listener: how many instances wait, when its name is free, and its limits.
 */
#include "kit.h"

#include "pipe/demand.h"

/* Opens without waiting; how many of so many tries found an instance. The pipes are kept. */
static int open_many(const char *name, HANDLE *pipes, int tries)
{
    char path[256];
    int opened = 0;

    snprintf(path, sizeof path, "\\\\.\\pipe\\%s", name);
    for (int i = 0; i < tries; i++) {
        pipes[opened] =
            CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        opened += pipes[opened] != INVALID_HANDLE_VALUE;
    }
    return opened;
}

static void close_many(HANDLE *pipes, int count)
{
    for (int i = 0; i < count; i++)
        CloseHandle(pipes[i]);
}

static void hold_worker(void *user, pp_status status)
{
    (void)status;
    WaitForSingleObject(user, KIT_WAIT_MS);
}

/* With the only worker held, nobody makes instances but pp_listen itself. */
TEST_CASE(as_many_instances_as_should_be_ready_are_there_at_once)
{
    static const uint64_t most[] = {10000, 7};

    for (int i = 0; i < 2; i++) {
        rig *r = rig_open(1, PP_MODE_STREAM);
        HANDLE go_on = CreateEventW(NULL, TRUE, FALSE, NULL), pipes[100];
        int expected;

        r->listen.accept_ready = 20;
        r->listen.max_clients = most[i];
        expected = most[i] < 20 ? (int)most[i] : 20;
        assert_ok(pp_port_post(r->port, hold_worker, go_on));
        rig_listen(r);
        assert_int_equal(open_many(r->name, pipes, 100), expected);
        SetEvent(go_on);
        wait_for(r->counts.opened, expected);
        close_many(pipes, expected);
        rig_close(r);
        CloseHandle(go_on);
    }
}

TEST_CASE(no_more_clients_than_allowed_get_in_during_a_burst)
{
    enum { MOST = 30, TRIES = 400 };
    rig *r = rig_open(2, PP_MODE_STREAM);
    HANDLE pipes[TRIES];

    r->listen.accept_ready = 4;
    r->listen.max_clients = MOST;
    rig_listen(r);
    for (int have = 0; have < MOST;) {
        have += open_many(r->name, pipes + have, TRIES - have);
        assert_true(have <= MOST);
        wait_for(r->counts.opened, have);
    }
    assert_int_equal(open_many(r->name, pipes + MOST, TRIES - MOST), 0);
    close_many(pipes, MOST);
    wait_for(r->counts.closed, MOST);
    rig_close(r);
}

TEST_CASE(bursts_raise_what_waits_and_calm_lowers_it)
{
    demand d = {0};
    uint64_t now = 1000000;

    assert_int_equal(demand_target(&d, 64, 256, now), 64);
    for (int i = 0; i < 63; i++)
        demand_came(&d, 64, now += 15); /* over a second */
    assert_int_equal(demand_target(&d, 64, 256, now), 64);
    demand_came(&d, 64, now += 500); /* the first of them still count */
    assert_int_equal(demand_target(&d, 64, 256, now), 256);
    assert_int_equal(demand_target(&d, 64, 256, now + DEMAND_CALM_MS - 1), 256);
    assert_int_equal(demand_target(&d, 64, 256, now + DEMAND_CALM_MS), 64);
    now += 3 * DEMAND_CALM_MS;
    for (int i = 0; i < 200; i++) /* too slowly for a burst */
        demand_came(&d, 64, now += 100);
    assert_int_equal(demand_target(&d, 64, 256, now), 64);
}

static void count_close(void *user)
{
    kit_add(user, 1);
}

TEST_CASE(a_listener_says_when_its_name_is_free)
{
    pp_port *port = kit_port(2);
    kit_counts counts = {0};
    volatile LONG closed = 0;
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    pp_listener *listener;
    HANDLE pipe;

    options.on_close = count_close;
    options.user = (void *)(uintptr_t)&closed;
    for (LONG i = 1; i <= 20; i++) {
        listener = kit_listen(port, &options);
        if (i % 2) {
            pipe = kit_open(options.name, false);
            kit_write(pipe, "a", 1);
            kit_expect(pipe, "a", 1);
            assert_ok(pp_listener_close(&listener));
            kit_write(pipe, "b", 1);
            kit_expect(pipe, "b", 1);
            assert_int_equal(closed, i - 1); /* its connection goes on */
            CloseHandle(pipe);
        } else {
            assert_ok(pp_listener_close(&listener));
        }
        wait_for(closed, i);
    }
    kit_listen(port, &options);
    kit_close(&port); /* the port's stop ends it, too */
    assert_int_equal(closed, 21);
}

/* What a connection's on_close saw of its listener's. */
typedef struct last_words {
    kit_counts counts; /* first: kit's handlers take it as their user */
    volatile LONG listener_closed, connection_closed, came_before;
} last_words;

static void close_slowly(pp_conn *conn, void *user, pp_status reason)
{
    last_words *w = user;

    (void)conn, (void)reason;
    w->came_before = kit_wait_ms(&w->listener_closed, 1, 300);
    kit_add(&w->connection_closed, 1);
}

TEST_CASE(a_listener_is_over_after_the_last_connection)
{
    pp_port *port = kit_port(2);
    last_words w = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &w.counts);
    pp_listener *listener;
    HANDLE pipe;

    options.conn.handlers.on_close = close_slowly;
    options.conn.user = &w;
    options.on_close = count_close;
    options.user = (void *)(uintptr_t)&w.listener_closed;
    listener = kit_listen(port, &options);
    pipe = kit_open(options.name, false);
    kit_write(pipe, "a", 1);
    kit_expect(pipe, "a", 1);
    assert_ok(pp_listener_close(&listener));
    CloseHandle(pipe);
    wait_for(w.connection_closed, 1);
    assert_false(w.came_before);
    wait_for(w.listener_closed, 1);
    kit_close(&port);
}

TEST_CASE(a_name_of_this_process_is_not_blamed_on_another)
{
    pp_port *port = kit_port(2);
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    pp_listener *listener;
    pp_error error;
    HANDLE pipe;

    listener = kit_listen(port, &options);
    assert_status(pp_listen(port, &options, NULL, &error), PP_E_NAME_TAKEN);
    assert_non_null(strstr(error.message, "this one"));
    pipe = kit_open(options.name, false);
    kit_write(pipe, "a", 1);
    kit_expect(pipe, "a", 1);
    assert_ok(pp_listener_close(&listener));
    assert_status(pp_listen(port, &options, NULL, &error), PP_E_NAME_TAKEN);
    assert_non_null(strstr(error.message, "this one"));
    CloseHandle(pipe);
    kit_close(&port);
}

TEST_CASE(limits_change_while_connections_go_on)
{
    pp_port *port = kit_port(2);
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    pp_listener *listener;
    HANDLE pipes[100];
    pp_error error;
    int have;

    options.max_clients = 5;
    listener = kit_listen(port, &options);
    assert_int_equal(have = open_many(options.name, pipes, 100), 5);
    wait_for(counts.opened, 5);
    options.max_clients = 10;
    assert_ok(pp_listener_set_limits(listener, &options, &error));
    pipes[have++] = kit_open(options.name, false); /* waits until there is another instance */
    kit_write(pipes[5], "a", 1);
    kit_expect(pipes[5], "a", 1);
    options.max_clients = 3; /* what waits goes, and nobody who is there */
    assert_ok(pp_listener_set_limits(listener, &options, &error));
    kit_write(pipes[0], "a", 1);
    kit_expect(pipes[0], "a", 1);
    assert_int_equal(counts.closed, 0);
    options.accept_depth = 10;
    options.accept_ready = 11;
    assert_status(pp_listener_set_limits(listener, &options, &error), PP_E_ARGUMENT);
    assert_string_equal(error.message,
                        "accept_ready is 11; allowed: at most accept_depth, which is 10");
    assert_status(pp_listen(port, &options, NULL, &error), PP_E_ARGUMENT);
    close_many(pipes, have);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(as_many_instances_as_should_be_ready_are_there_at_once),
    TEST(no_more_clients_than_allowed_get_in_during_a_burst),
    TEST(bursts_raise_what_waits_and_calm_lowers_it),
    TEST(a_listener_says_when_its_name_is_free),
    TEST(a_listener_is_over_after_the_last_connection),
    TEST(a_name_of_this_process_is_not_blamed_on_another),
    TEST(limits_change_while_connections_go_on),
};

HARNESS_MAIN(tests)
