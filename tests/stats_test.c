/*
 * What pp_port_stats says while something is there, and not only when nothing is left; and that a
 * port tells its own workers from another's.
 */
#include "kit.h"

TEST_CASE(what_waits_is_counted_as_pending)
{
    kit_counts counts = {0};
    pp_port *port = kit_port(1);
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    HANDLE pipe;

    options.accept_ready = 2;
    kit_listen(port, &options);
    pipe = kit_open(options.name, false);
    wait_for(counts.opened, 1);
    kit_write(pipe, "x", 1);
    kit_expect(pipe, "x", 1); /* its next read is pending, and two instances wait */
    assert_int_equal(kit_stats(port).operations_pending, 3);
    assert_int_equal(kit_stats(port).handles_open, 3);
    CloseHandle(pipe);
    kit_close(&port);
}

TEST_CASE(the_most_connections_at_once_are_remembered)
{
    kit_counts counts = {0};
    pp_port *port = kit_port(1);
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    HANDLE pipes[3];

    kit_listen(port, &options);
    for (int i = 0; i < 3; i++)
        pipes[i] = kit_open(options.name, false);
    wait_for(counts.opened, 3);
    for (int i = 0; i < 3; i++)
        CloseHandle(pipes[i]);
    wait_for(counts.closed, 3);
    pipes[0] = kit_open(options.name, false);
    wait_for(counts.opened, 4);
    assert_int_equal(kit_stats(port).connections_now, 1);
    assert_int_equal(kit_stats(port).connections_most, 3);
    assert_int_equal(kit_stats(port).connections_total, 4);
    CloseHandle(pipes[0]);
    kit_close(&port);
}

typedef struct pair {
    pp_port *other;
    pp_status status;
    volatile LONG done;
} pair;

static void close_other(void *user, pp_status status)
{
    pair *p = user;

    (void)status;
    p->status = pp_port_close(&p->other);
    kit_add(&p->done, 1);
}

TEST_CASE(a_worker_may_close_another_port)
{
    pp_port *port = kit_port(1);
    pair p = {.other = kit_port(1)};

    assert_ok(pp_port_post(port, close_other, &p));
    wait_for(p.done, 1);
    assert_ok(p.status);
    assert_null(p.other);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(what_waits_is_counted_as_pending),
    TEST(the_most_connections_at_once_are_remembered),
    TEST(a_worker_may_close_another_port),
};

HARNESS_MAIN(tests)
