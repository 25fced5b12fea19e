/*
 * Timers: when they fire, and how they are cancelled.
 */
#include "kit.h"

#include "base/clock.h"

enum { ALARMS = 100, NS_PER_MS = 1000000 };

/* What the alarms show together. */
typedef struct watch {
    kit_calls calls;
    volatile LONG early, last;
} watch;

typedef struct alarm {
    watch *watch;
    uint64_t earliest_ns, latest_ns; /* between which its deadline lies */
    LONG turn;
} alarm;

static void alarm_fires(void *user, pp_status status)
{
    alarm *a = user;

    if (status == PP_OK && clock_ns() < a->earliest_ns)
        InterlockedIncrement(&a->watch->early);
    a->turn = a->watch->last++;
    kit_count_call(&a->watch->calls, status);
}

/* Sets the alarms in disorder, the first after `delay`. False: the machine was so busy that one was
 * due before all were set. */
static bool set_alarms(pp_port *port, alarm *alarms, watch *w, uint64_t delay)
{
    uint64_t began = clock_ms();
    kit_calls set = {0};

    for (int i = 0; i < ALARMS; i++) {
        uint64_t after = delay + (uint64_t)(i * 37 % ALARMS) * 20;

        alarms[i] = (alarm){.watch = w, .earliest_ns = clock_ns() + after * NS_PER_MS};
        assert_ok(pp_port_after(port, after, alarm_fires, &alarms[i], NULL));
        alarms[i].latest_ns = clock_ns() + (after + 1) * NS_PER_MS;
    }
    assert_ok(pp_port_post(port, kit_count_call, &set)); /* after the turns that set the timers */
    wait_for(set.ok, 1);
    return clock_ms() < began + delay;
}

TEST_CASE(timers_fire_in_order_and_never_early)
{
    pp_port *port = kit_port(1);
    watch w = {0};
    alarm alarms[ALARMS];
    uint64_t delay = 50;

    while (!set_alarms(port, alarms, &w, delay)) {
        wait_for(w.calls.ok, ALARMS);
        memset(&w, 0, sizeof w);
        delay *= 2;
    }
    wait_for(w.calls.ok, ALARMS);
    assert_int_equal(w.early, 0);
    for (int i = 0; i < ALARMS; i++)
        for (int k = 0; k < ALARMS; k++)
            assert_false(alarms[i].turn < alarms[k].turn &&
                         alarms[i].earliest_ns > alarms[k].latest_ns);
    kit_close(&port);
}

/* A worker that has something to do all the time looks at the timers again and again. */
typedef struct treadmill {
    pp_port *port;
    volatile LONG stopping, stopped;
} treadmill;

static void tread(void *user, pp_status status)
{
    treadmill *t = user;

    if (status != PP_OK || t->stopping || pp_port_post(t->port, tread, t) != PP_OK)
        kit_add(&t->stopped, 1);
}

TEST_CASE(a_busy_worker_fires_no_timer_early)
{
    treadmill t = {.port = kit_port(1)};
    watch w = {0};
    alarm alarms[ALARMS];

    assert_ok(pp_port_post(t.port, tread, &t));
    for (int i = 0; i < ALARMS; i++) {
        alarms[i] = (alarm){.watch = &w, .earliest_ns = clock_ns() + 2 * NS_PER_MS};
        assert_ok(pp_port_after(t.port, 2, alarm_fires, &alarms[i], NULL));
        wait_for(w.calls.ok, i + 1);
    }
    assert_int_equal(w.early, 0);
    InterlockedExchange(&t.stopping, 1);
    wait_for(t.stopped, 1);
    kit_close(&t.port);
}

TEST_CASE(a_cancelled_timer_is_called_as_cancelled)
{
    pp_port *port = kit_port(2);
    kit_calls c = {0};
    uint64_t id;

    for (LONG i = 0; i < 100; i++) {
        assert_ok(pp_port_after(port, 60000, kit_count_call, &c, &id));
        assert_ok(pp_port_cancel(port, id));
        wait_for(c.cancelled, i + 1);
        assert_status(pp_port_cancel(port, id), PP_E_NOT_FOUND);
    }
    assert_ok(pp_port_after(port, 0, kit_count_call, &c, &id));
    wait_for(c.ok, 1);
    assert_status(pp_port_cancel(port, id), PP_E_NOT_FOUND);
    kit_close(&port);
}

/* What pp_port_cancel says is what the function is told, also when the timer fires meanwhile. */
TEST_CASE(cancelling_a_timer_that_fires_tells_the_truth)
{
    pp_port *port = kit_port(2);
    LONG said_cancelled = 0, rounds = 500;
    kit_calls c = {0};

    for (LONG i = 0; i < rounds; i++) {
        uint64_t id;

        assert_ok(pp_port_after(port, 1, kit_count_call, &c, &id));
        if (i % 2)
            kit_wait_ms(&c.ok, MAXLONG, 1);
        if (pp_port_cancel(port, id) == PP_OK)
            said_cancelled++;
    }
    while (c.ok + c.cancelled < rounds)
        kit_wait_ms(&c.ok, MAXLONG, 10);
    assert_int_equal(c.cancelled, said_cancelled);
    kit_close(&port);
    assert_int_equal(c.ok + c.cancelled, rounds);
}

/* Each cancel finds its timer without passing the others. */
TEST_CASE(many_timers_are_cancelled_newest_first_in_good_time)
{
    enum { TIMERS = 50000 };
    static uint64_t ids[TIMERS];
    pp_port *port;
    kit_calls c = {0};
    ULONGLONG began;

    kit_skip_with_guards("Linux lets a process have 65,530 areas of memory, and a block takes two");
    port = kit_port(2);
    for (int i = 0; i < TIMERS; i++)
        assert_ok(pp_port_after(port, 3600000, kit_count_call, &c, &ids[i]));
    began = GetTickCount64();
    for (int i = TIMERS - 1; i >= 0; i--)
        assert_ok(pp_port_cancel(port, ids[i]));
    wait_for(c.cancelled, TIMERS);
    assert_true(GetTickCount64() - began < 5000);
    kit_close(&port);
}

TEST_CASE(stopping_cancels_timers)
{
    pp_port *port = kit_port(2);
    kit_calls c = {0};

    for (int i = 0; i < 50; i++)
        assert_ok(pp_port_after(port, 3600000, kit_count_call, &c, NULL));
    kit_close(&port);
    assert_int_equal(c.cancelled, 50);
}

static const struct CMUnitTest tests[] = {
    TEST(timers_fire_in_order_and_never_early),
    TEST(a_busy_worker_fires_no_timer_early),
    TEST(a_cancelled_timer_is_called_as_cancelled),
    TEST(cancelling_a_timer_that_fires_tells_the_truth),
    TEST(many_timers_are_cancelled_newest_first_in_good_time),
    TEST(stopping_cancels_timers),
};

HARNESS_MAIN(tests)
