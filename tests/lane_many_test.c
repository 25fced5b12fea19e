/*
 * Many lanes: only connections that are busy have one, and what is idle costs neither memory nor
 * time. Server and clients are two ports of one process.
 */
#include "kit.h"

enum {
    MANY = 1000,
    BUSY = 100,
    SETTLE_MS = 11000, /* what is idle gives other memory back within two looks of 5 s */
    WATCHED_MS = 10000,
    SECTION = 4096 + 2 * 4096
};

typedef struct talker {
    kit_counts counts; /* first: the handlers of the kit count into it */
    pp_conn *conn;
    volatile LONG talks;
} talker;

typedef struct crowd {
    pp_port *server, *clients;
    kit_counts counts;
    talker all[MANY];
} crowd;

static pp_status go_on(pp_conn *conn, void *user, const void *data, size_t length)
{
    talker *t = user;

    kit_add(&t->counts.messages, 1);
    return t->talks ? pp_conn_send(conn, data, length) : PP_OK;
}

static pp_port *open_port(void)
{
    pp_port_options options;
    pp_port *port;

    pp_port_options_init(&options);
    options.workers = 2;
    options.max_lane_bytes = (uint64_t)MANY * SECTION;
    assert_ok(pp_port_open(&port, &options, NULL));
    return port;
}

/* All of them share one machine, so each moves seldom: `lane_busy` is less than the default. */
static crowd *crowd_open(uint64_t lane_busy)
{
    static crowd c;
    pp_handlers handlers = kit_counting();
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, PP_MODE_FRAMED, &c.counts);

    handlers.on_message = go_on;
    c = (crowd){.server = open_port(), .clients = open_port()};
    listen.conn.lane_ring = 4096;
    kit_listen(c.server, &listen);
    for (int i = 0; i < MANY; i++) {
        pp_dial_options dial = kit_dial_options(name, PP_MODE_FRAMED, handlers, &c.all[i]);

        dial.timeout_ms = 120000;
        dial.conn.lane_busy = lane_busy;
        assert_ok(pp_dial(c.clients, &dial, &c.all[i].conn, NULL));
    }
    for (int i = 0; i < MANY; i++)
        assert_true(kit_wait_ms(&c.all[i].counts.opened, 1, 120000));
    return &c;
}

/* So many talk, each until it is told to stop. */
static void crowd_talk(crowd *c, int count)
{
    for (int i = 0; i < count; i++) {
        c->all[i].talks = 1;
        assert_ok(pp_conn_send(c->all[i].conn, "x", 1));
    }
}

static void crowd_fall_silent(crowd *c)
{
    for (int i = 0; i < MANY; i++)
        c->all[i].talks = 0;
}

/* Until so many lanes are there, of each port. */
static void crowd_await_lanes(crowd *c, uint64_t count)
{
    volatile LONG never = 0;

    wait_until(
        (kit_stats(c->server).lanes_now == count && kit_stats(c->clients).lanes_now == count) ||
        kit_wait_ms(&never, 1, 50));
}

static void crowd_close(crowd *c)
{
    for (int i = 0; i < MANY; i++)
        pp_conn_unref(&c->all[i].conn);
    kit_close(&c->clients);
    kit_close(&c->server);
    assert_int_equal(c->counts.closed, MANY);
}

/* In units of 100 ns. */
static uint64_t time_used(void)
{
    FILETIME created, ended, kernel, user;

    assert_true(GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user));
    return ((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
           ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime);
}

TEST_CASE(a_thousand_lanes_that_fall_silent_cost_nothing)
{
    crowd *c = crowd_open(2);
    volatile LONG never = 0;
    size_t busy;
    uint64_t used;

    crowd_talk(c, MANY);
    crowd_await_lanes(c, MANY);
    busy = kit_memory();
    crowd_fall_silent(c);
    crowd_await_lanes(c, 0);
    print_message("memory: %llu KiB with lanes, %llu without\n", (unsigned long long)busy / 1024,
                  (unsigned long long)kit_memory() / 1024);
    assert_true(kit_memory() + (size_t)MANY * SECTION < busy);
    kit_wait_ms(&never, 1, SETTLE_MS);
    used = time_used();
    kit_wait_ms(&never, 1, WATCHED_MS);
    assert_int_equal(time_used() - used, 0);
    crowd_close(c);
}

TEST_CASE(only_those_who_are_busy_have_lanes)
{
    crowd *c = crowd_open(16);

    crowd_talk(c, BUSY);
    crowd_await_lanes(c, BUSY);
    for (int i = BUSY; i < MANY; i++) /* a word now and then is not busy */
        assert_ok(pp_conn_send(c->all[i].conn, "x", 1));
    for (int i = BUSY; i < MANY; i++)
        wait_for(c->all[i].counts.messages, 1);
    assert_int_equal(kit_stats(c->server).lanes_now, BUSY);
    assert_int_equal(kit_stats(c->server).lanes_total, BUSY);
    crowd_close(c);
}

static const struct CMUnitTest tests[] = {
    TEST(a_thousand_lanes_that_fall_silent_cost_nothing),
    TEST(only_those_who_are_busy_have_lanes),
};

HARNESS_MAIN(tests)
