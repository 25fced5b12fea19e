/*
 * What decides which workers run: standby, and the watch. The test's threads play the workers.
 */
#include "kit.h"

#include "iocp/standby.h"
#include "iocp/watch.h"

/* ---- Standby -------------------------------------------------------------------------------- */

typedef struct guard {
    standby standby;
    volatile LONG began, woke;
} guard;

static DWORD WINAPI stand_by(void *argument)
{
    guard *g = argument;

    kit_add(&g->began, 1);
    standby_wait(&g->standby);
    kit_add(&g->woke, 1);
    return 0;
}

static bool is_waiting(guard *g, LONG count)
{
    bool waiting;

    AcquireSRWLockExclusive(&g->standby.lock);
    waiting = g->standby.waiting == count;
    ReleaseSRWLockExclusive(&g->standby.lock);
    return waiting;
}

/* Three workers on one processor: two stand by, one is called in where one is stuck, and all wake
 * up when the port has ended. */
TEST_CASE(a_worker_stands_by_until_one_is_needed)
{
    guard g = {0};
    HANDLE threads[2];
    bool stuck = false;

    standby_init(&g.standby, 1, 3);
    for (int i = 0; i < 2; i++)
        threads[i] = CreateThread(NULL, 0, stand_by, &g, 0, NULL);
    while (!is_waiting(&g, 2))
        SwitchToThread();
    assert_false(standby_has_too_many(&g.standby));
    standby_replace(&g.standby, &stuck);
    assert_true(stuck);
    wait_for(g.woke, 1);
    standby_replace(&g.standby, &stuck); /* it is known: nobody else is called */
    assert_true(is_waiting(&g, 1));
    standby_return(&g.standby, &stuck);
    assert_false(stuck);
    assert_true(standby_has_too_many(&g.standby));
    standby_end(&g.standby);
    wait_for(g.woke, 2);
    for (int i = 0; i < 2; i++) {
        WaitForSingleObject(threads[i], INFINITE);
        CloseHandle(threads[i]);
    }
}

/* ---- The watch ------------------------------------------------------------------------------ */

typedef struct seen {
    watch watch;
    volatile LONG looks, busy_looks, ticks;
} seen;

static bool look(void *context, bool after_tick)
{
    seen *s = context;
    bool busy = InterlockedDecrement(&s->busy_looks) >= 0;

    if (after_tick)
        InterlockedIncrement(&s->ticks);
    kit_add(&s->looks, 1);
    return busy;
}

/* It ticks while its look says so, and no longer. */
TEST_CASE(the_watch_looks_while_there_is_something_to_see)
{
    seen s = {0};

    assert_int_equal(watch_start(&s.watch, true, look, &s), ERROR_SUCCESS);
    wait_for(s.looks, 2); /* and sleeps */
    s.busy_looks = 3;
    watch_wake(&s.watch);
    wait_for(s.looks, 7); /* three are busy, then two in vain, before it sleeps */
    assert_int_equal(s.ticks, 3);
    s.busy_looks = 0;
    watch_call(&s.watch);
    wait_for(s.looks, 9);
    watch_end(&s.watch);
    assert_int_equal(s.ticks, 3);
}

static const struct CMUnitTest tests[] = {
    TEST(a_worker_stands_by_until_one_is_needed),
    TEST(the_watch_looks_while_there_is_something_to_see),
};

HARNESS_MAIN(tests)
