/*
 * The port: posted functions, the pool of workers, stopping.
 */
#include "kit.h"

#include "base/clock.h"

TEST_CASE(posted_functions_run_once)
{
    pp_port *port = kit_port(2);
    kit_calls c = {0};

    for (int i = 0; i < 1000; i++)
        assert_ok(pp_port_post(port, kit_count_call, &c));
    wait_for(c.ok, 1000);
    kit_close(&port);
    assert_int_equal(c.ok, 1000);
    assert_int_equal(c.cancelled, 0);
}

typedef struct stopping {
    pp_port *port;
    kit_calls calls;
    volatile LONG wrong;
} stopping;

static void stop_port(void *user, pp_status status)
{
    stopping *s = user;

    /* What would wait for this thread says so. */
    if (pp_port_wait(s->port) != PP_E_WOULD_DEADLOCK ||
        pp_port_close(&(pp_port *){s->port}) != PP_E_WOULD_DEADLOCK)
        InterlockedIncrement(&s->wrong);
    pp_port_stop(s->port);
    if (pp_port_post(s->port, kit_count_call, &s->calls) != PP_E_CLOSING)
        InterlockedIncrement(&s->wrong);
    kit_count_call(&s->calls, status);
}

TEST_CASE(a_port_can_be_stopped_from_a_callback)
{
    pp_port *port = kit_port(2);
    stopping s = {.port = port};

    assert_ok(pp_port_post(port, stop_port, &s));
    assert_ok(pp_port_wait(port)); /* nobody else stops it */
    assert_int_equal(s.calls.ok, 1);
    assert_int_equal(s.wrong, 0);
    kit_close(&port);
}

/* Two callbacks of two connections, each of which waits for the other to be inside, too. */
typedef struct meeting {
    volatile LONG inside, met, missed, replies;
    HANDLE both;
} meeting;

static pp_status meet(pp_conn *conn, void *user, const void *data, size_t length)
{
    meeting *m = user;

    (void)conn, (void)data, (void)length;
    if (InterlockedIncrement(&m->inside) == 2)
        SetEvent(m->both);
    kit_add(WaitForSingleObject(m->both, 10000) == WAIT_OBJECT_0 ? &m->met : &m->missed, 1);
    return PP_OK;
}

TEST_CASE(two_workers_run_two_callbacks_at_once)
{
    pp_port *port = kit_port(2);
    const char *name = kit_name();
    meeting m = {.both = CreateEventW(NULL, TRUE, FALSE, NULL)};
    kit_counts counts = {0};
    pp_listen_options listen = kit_listen_options(name, PP_MODE_STREAM, NULL);
    pp_dial_options dial = kit_dial_options(name, PP_MODE_STREAM, kit_counting(), &counts);
    pp_conn *conns[2];

    listen.conn.handlers = (pp_handlers){.on_message = meet};
    listen.conn.user = &m;
    kit_listen(port, &listen);
    for (int i = 0; i < 2; i++)
        assert_ok(pp_dial(port, &dial, &conns[i], NULL));
    wait_for(counts.opened, 2);
    for (int round = 0; round < 20; round++) {
        m.inside = 0;
        ResetEvent(m.both);
        for (int i = 0; i < 2; i++) /* as close together as can be: both may be in one batch */
            assert_ok(pp_conn_send(conns[i], "x", 1));
        wait_for(m.met, 2 * (round + 1));
    }
    assert_int_equal(m.missed, 0);
    for (int i = 0; i < 2; i++)
        pp_conn_unref(&conns[i]);
    CloseHandle(m.both);
    kit_close(&port);
}

static void hold(void *user, pp_status status)
{
    (void)status;
    WaitForSingleObject(*(HANDLE *)user, INFINITE);
}

/* One callback that blocks must not hold up what was queued behind it, timers among it. */
TEST_CASE(a_callback_that_blocks_holds_up_nobody_else)
{
    pp_port *port = kit_port(2);
    HANDLE go_on = CreateEventW(NULL, TRUE, FALSE, NULL);
    kit_calls c = {0};

    assert_ok(pp_port_after(port, 100, kit_count_call, &c, NULL));
    assert_ok(pp_port_post(port, hold, &go_on));
    for (int i = 0; i < 50; i++)
        assert_ok(pp_port_post(port, kit_count_call, &c));
    wait_for(c.ok, 51);
    SetEvent(go_on);
    kit_close(&port);
    CloseHandle(go_on);
}

/* A function that takes a while, and notes on which thread it ran. */
typedef struct crew {
    DWORD ms;
    HANDLE never;
    SRWLOCK lock;
    DWORD threads[16];
    int runs[16]; /* of each */
    unsigned count;
    volatile LONG done;
} crew;

static void work(void *user, pp_status status)
{
    crew *c = user;
    unsigned i = 0;

    (void)status;
    if (c->ms > 0)
        WaitForSingleObject(c->never, c->ms);
    AcquireSRWLockExclusive(&c->lock);
    while (i < c->count && c->threads[i] != GetCurrentThreadId())
        i++;
    if (i == c->count)
        c->threads[c->count++] = GetCurrentThreadId();
    c->runs[i]++;
    ReleaseSRWLockExclusive(&c->lock);
    kit_add(&c->done, 1);
}

/* How many workers run nine tenths of functions of `ms` each, of which `at_once` are posted
 * together. */
static unsigned workers_used(pp_port *port, int rounds, int at_once, DWORD ms)
{
    crew c = {.ms = ms, .never = CreateEventW(NULL, TRUE, FALSE, NULL)};

    InitializeSRWLock(&c.lock);
    for (int i = 0; i < rounds; i++) {
        for (int k = 0; k < at_once; k++)
            assert_ok(pp_port_post(port, work, &c));
        wait_for(c.done, (i + 1) * at_once);
    }
    CloseHandle(c.never);
    for (unsigned i = 0; i < c.count; i++)
        if (c.runs[i] * 10 >= rounds * at_once * 9)
            return 1;
    return c.count;
}

/* Soon one worker does it all. (On a busy machine a function may look slow now and then.) */
static bool one_is_enough(pp_port *port)
{
    for (int i = 0; i < 50; i++)
        if (workers_used(port, 200, 1, 0) == 1)
            return true;
    return false;
}

/* On one processor: a second worker would only make it switch threads. */
TEST_CASE(workers_beyond_the_processors_stand_by)
{
    DWORD_PTR ours, all;
    HANDLE go_on = CreateEventW(NULL, TRUE, FALSE, NULL);
    pp_port *port;

    assert_true(GetProcessAffinityMask(GetCurrentProcess(), &ours, &all));
    assert_true(SetProcessAffinityMask(GetCurrentProcess(), ours & (~ours + 1)));
    port = kit_port(4);
    assert_true(one_is_enough(port));
    assert_true(workers_used(port, 20, 16, 3) > 1); /* slow ones call others in */
    assert_true(one_is_enough(port));
    assert_ok(pp_port_post(port, hold, &go_on)); /* and one that is stuck is replaced */
    assert_true(one_is_enough(port));
    SetEvent(go_on);
    assert_true(one_is_enough(port));
    kit_close(&port);
    CloseHandle(go_on);
    SetProcessAffinityMask(GetCurrentProcess(), ours);
}

/* Functions of 5 ms, and the threads that they run on. */
typedef struct sharing {
    pp_port *port;
    volatile LONG done, threads;
    volatile LONG ids[64];
} sharing;

#define SHARED_FUNCTIONS 200

static void work_a_while(void *user, pp_status status)
{
    sharing *s = user;
    LONG me = (LONG)GetCurrentThreadId(), before;
    ULONGLONG began = GetTickCount64();

    (void)status;
    for (int i = 0; i < 64; i++) {
        before = InterlockedCompareExchange(&s->ids[i], me, 0);
        if (before == 0)
            InterlockedIncrement(&s->threads);
        if (before == 0 || before == me)
            break;
    }
    while (GetTickCount64() - began < 5)
        SwitchToThread();
    kit_add(&s->done, 1);
}

static void post_many(void *user, pp_status status)
{
    sharing *s = user;

    (void)status;
    for (int i = 0; i < SHARED_FUNCTIONS; i++)
        pp_port_post(s->port, work_a_while, s);
}

TEST_CASE(what_a_callback_or_the_clock_makes_ready_is_shared)
{
    for (int by_clock = 0; by_clock < 2; by_clock++) {
        sharing s = {.port = kit_port(6)};

        if (!by_clock)
            assert_ok(pp_port_post(s.port, post_many, &s));
        for (int i = 0; by_clock && i < SHARED_FUNCTIONS; i++)
            assert_ok(pp_port_after(s.port, 100, work_a_while, &s, NULL));
        wait_for(s.done, SHARED_FUNCTIONS);
        assert_true(s.threads >= 4);
        kit_close(&s.port);
    }
}

/* PostQueuedCompletionStatus as the library imports it, while Windows has no memory. */
extern void *__imp_PostQueuedCompletionStatus;
static volatile LONG posts_to_fail, posts_failed;
static BOOL(WINAPI *post_really)(HANDLE, DWORD, ULONG_PTR, LPOVERLAPPED);

static BOOL WINAPI post_or_fail(HANDLE port, DWORD bytes, ULONG_PTR key, LPOVERLAPPED overlapped)
{
    if (InterlockedDecrement(&posts_to_fail) < 0)
        return post_really(port, bytes, key, overlapped);
    kit_add(&posts_failed, 1);
    SetLastError(ERROR_NO_SYSTEM_RESOURCES);
    return FALSE;
}

TEST_CASE(packets_that_cannot_be_queued_are_queued_later)
{
    void *original = __imp_PostQueuedCompletionStatus;

    memcpy(&post_really, &original, sizeof original);
    for (unsigned workers = 1; workers <= 2; workers++) {
        pp_port *port = kit_port(workers);
        kit_calls c = {0};

        posts_failed = 0;
        posts_to_fail = 3;
        kit_import(&__imp_PostQueuedCompletionStatus, (void *)(uintptr_t)post_or_fail);
        assert_ok(pp_port_post(port, kit_count_call, &c));
        wait_for(c.ok, 1); /* nothing else is pushed that would bring it along */
        assert_int_equal(posts_failed, 3);
        posts_to_fail = 3;
        kit_close(&port);
        assert_int_equal(posts_failed, 6);
        kit_import(&__imp_PostQueuedCompletionStatus, original);
    }
}

TEST_CASE(an_unused_port_closes)
{
    for (unsigned workers = 1; workers <= 64; workers *= 4) {
        pp_port *port = kit_port(workers);

        assert_int_equal(kit_stats(port).workers, workers);
        kit_close(&port);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(posted_functions_run_once),
    TEST(a_port_can_be_stopped_from_a_callback),
    TEST(two_workers_run_two_callbacks_at_once),
    TEST(a_callback_that_blocks_holds_up_nobody_else),
    TEST(what_a_callback_or_the_clock_makes_ready_is_shared),
    TEST(packets_that_cannot_be_queued_are_queued_later),
    TEST(workers_beyond_the_processors_stand_by),
    TEST(an_unused_port_closes),
};

HARNESS_MAIN(tests)
