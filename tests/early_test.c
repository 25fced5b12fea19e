/*
 * What another thread does to an object as soon as it can see it: closing, ending, cancelling. The
 * thread spins on the out parameter while the function that sets it runs.
 */
#include "kit.h"

#include <wchar.h>

#define ROUNDS 300
#define CHILDREN 20 /* rounds that start a process */

typedef struct early {
    void *seen;              /* the out parameter; the thread exchanges it */
    LONG rounds;             /* 0: ROUNDS */
    volatile LONG round;     /* that the thread waits for */
    volatile LONG done, bad; /* rounds, and calls that failed */
    pp_port *port;
    pp_status (*act)(struct early *e); /* PP_E_NOT_FOUND: nothing is there yet */
} early;

static DWORD WINAPI act_early(void *argument)
{
    early *e = argument;

    for (LONG mine = 1; mine <= e->rounds; mine++) {
        pp_status status;

        while (e->round < mine)
            SwitchToThread();
        while ((status = e->act(e)) == PP_E_NOT_FOUND)
            YieldProcessor();
        if (status != PP_OK)
            InterlockedIncrement(&e->bad);
        kit_add(&e->done, 1);
    }
    return 0;
}

/* Calls `make` again and again, each time with the thread spinning on what it sets. */
static void race(early *e, void (*make)(early *e, void *user), void *user)
{
    HANDLE thread;

    e->rounds = e->rounds ? e->rounds : ROUNDS;
    thread = CreateThread(NULL, 0, act_early, e, 0, NULL);
    for (LONG i = 1; i <= e->rounds; i++) {
        InterlockedExchange(&e->round, i);
        make(e, user);
        wait_for(e->done, i);
    }
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    assert_int_equal(e->bad, 0);
}

typedef struct timers {
    pp_port *port;
    uint64_t id; /* the newest */
    volatile LONG calls, cancelled, said_cancelled, over;
} timers;

static void count_call(void *user, pp_status status)
{
    timers *t = user;

    InterlockedExchangeAdd(&t->cancelled, status != PP_OK);
    kit_add(&t->calls, 1);
}

static DWORD WINAPI cancel_newest(void *argument)
{
    timers *t = argument;

    while (!t->over)
        if (pp_port_cancel(t->port, *(volatile uint64_t *)&t->id) == PP_OK)
            InterlockedIncrement(&t->said_cancelled);
    return 0;
}

TEST_CASE(a_timer_may_be_cancelled_as_soon_as_its_id_is_there)
{
    enum { TIMERS = 50000 };
    timers t = {.port = kit_port(2)};
    HANDLE thread = CreateThread(NULL, 0, cancel_newest, &t, 0, NULL);

    for (LONG i = 1; i <= TIMERS; i++) {
        assert_ok(pp_port_after(t.port, 0, count_call, &t, &t.id));
        if (i % 100 == 0)
            wait_for(t.calls, i);
    }
    t.over = 1;
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    kit_close(&t.port);
    assert_int_equal(t.calls, TIMERS);
    assert_int_equal(t.cancelled, t.said_cancelled);
}

static pp_status close_listener(early *e)
{
    pp_listener *l = InterlockedExchangePointer(&e->seen, NULL);

    return l ? pp_listener_close(&l) : PP_E_NOT_FOUND;
}

static void make_listener(early *e, void *user)
{
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);

    (void)user;
    assert_ok(pp_listen(e->port, &options, (pp_listener **)&e->seen, NULL));
}

TEST_CASE(a_listener_may_be_closed_as_soon_as_it_is_there)
{
    early e = {.port = kit_port(2), .act = close_listener};

    race(&e, make_listener, NULL);
    kit_close(&e.port);
}

static pp_status close_mailslot(early *e)
{
    pp_mailslot *m = InterlockedExchangePointer(&e->seen, NULL);

    return m ? pp_mailslot_close(&m) : PP_E_NOT_FOUND;
}

static void count_end(void *user, pp_status status)
{
    kit_counts *counts = user;

    kit_add(status == PP_OK ? &counts->closed : &counts->ended, 1);
}

static void make_mailslot(early *e, void *user)
{
    pp_mailslot_options options;

    pp_mailslot_options_init(&options);
    options.name = kit_name();
    options.on_close = count_end;
    options.user = user;
    assert_ok(pp_mailslot_listen(e->port, &options, (pp_mailslot **)&e->seen, NULL));
}

TEST_CASE(a_mailslot_may_be_closed_as_soon_as_it_is_there)
{
    early e = {.port = kit_port(2), .act = close_mailslot};
    kit_counts counts = {0};

    race(&e, make_mailslot, &counts);
    wait_for(counts.closed, ROUNDS);
    kit_close(&e.port);
}

static pp_status abort_conn(early *e)
{
    pp_conn *c = InterlockedExchangePointer(&e->seen, NULL);
    pp_status status = c ? pp_conn_abort(c) : PP_E_NOT_FOUND;

    if (c)
        pp_conn_unref(&c);
    return status;
}

static void make_dial(early *e, void *user)
{
    pp_dial_options options = kit_dial_options(kit_name(), PP_MODE_STREAM, kit_counting(), user);

    assert_ok(pp_dial(e->port, &options, (pp_conn **)&e->seen, NULL));
}

TEST_CASE(a_dial_may_be_ended_as_soon_as_it_is_there)
{
    early e = {.port = kit_port(2), .act = abort_conn};
    kit_counts counts = {0};

    race(&e, make_dial, &counts);
    wait_for(counts.closed, ROUNDS);
    kit_close(&e.port);
}

/* The handle is one end of a pipe of our own, and the connection's from here on. */
static void make_adopted(early *e, void *user)
{
    const char *name = kit_name();
    pp_conn_options options;
    wchar_t path[128];
    HANDLE serving, other;

    swprintf(path, sizeof path / sizeof *path, L"\\\\.\\pipe\\%hs", name);
    serving = CreateNamedPipeW(path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1,
                               4096, 4096, 0, NULL);
    assert_true(serving != INVALID_HANDLE_VALUE);
    other = kit_open(name, false);
    pp_conn_options_init(&options);
    options.handlers = kit_counting();
    options.user = user;
    assert_ok(pp_conn_adopt(e->port, serving, &options, (pp_conn **)&e->seen, NULL));
    kit_drain(other);
    CloseHandle(other);
}

TEST_CASE(an_adopted_handle_may_be_ended_as_soon_as_it_is_there)
{
    early e = {.port = kit_port(2), .act = abort_conn};
    kit_counts counts = {0};

    race(&e, make_adopted, &counts);
    wait_for(counts.closed, ROUNDS);
    kit_close(&e.port);
}

typedef struct spawning {
    early early;
    pp_child child;
    kit_counts counts;
} spawning;

static pp_status abort_input(early *e)
{
    spawning *s = (spawning *)e;
    pp_conn *c = InterlockedExchangePointer((void **)&s->child.input, NULL);
    pp_status status = c ? pp_conn_abort(c) : PP_E_NOT_FOUND;

    if (c)
        pp_conn_unref(&c);
    return status == PP_E_CLOSING ? PP_OK : status; /* the child has ended first */
}

/* A child that reads until its input ends: one that ended before would be closed already. */
static void make_child(early *e, void *user)
{
    spawning *s = user;
    pp_conn_options stream;
    pp_spawn_options options = {
        .command_line = kit_command("child.exe", "copy"), .input = &stream, .output = &stream};

    pp_conn_options_init(&stream);
    stream.handlers = kit_counting();
    stream.user = &s->counts;
    assert_ok(pp_spawn(e->port, &options, &s->child, NULL));
    WaitForSingleObject(s->child.process, KIT_WAIT_MS);
    CloseHandle(s->child.process);
    pp_conn_unref(&s->child.output);
}

TEST_CASE(a_childs_stream_may_be_ended_as_soon_as_it_is_there)
{
    spawning s = {.early = {.port = kit_port(2), .act = abort_input, .rounds = CHILDREN}};

    race(&s.early, make_child, &s);
    wait_for(s.counts.closed, 2 * CHILDREN);
    kit_close(&s.early.port);
}

/* What fails leaves nothing to be found. */
TEST_CASE(a_port_that_stops_sets_nothing)
{
    pp_port *port = kit_port(2);
    kit_counts counts = {0};
    pp_listen_options listen = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_STREAM, kit_counting(), &counts);
    pp_mailslot_options slot;
    pp_listener *listener = (pp_listener *)&counts;
    pp_conn *conn = (pp_conn *)&counts;
    pp_mailslot *mailslot = (pp_mailslot *)&counts;
    uint64_t id = 7;

    pp_mailslot_options_init(&slot);
    slot.name = listen.name;
    assert_ok(pp_port_stop(port));
    assert_status(pp_listen(port, &listen, &listener, NULL), PP_E_CLOSING);
    assert_null(listener);
    assert_status(pp_dial(port, &dial, &conn, NULL), PP_E_CLOSING);
    assert_null(conn);
    assert_status(pp_mailslot_listen(port, &slot, &mailslot, NULL), PP_E_CLOSING);
    assert_null(mailslot);
    assert_status(pp_port_after(port, 1, count_call, NULL, &id), PP_E_CLOSING);
    assert_int_equal(id, 7);
    kit_close(&port);
    assert_int_equal(counts.closed, 0);
}

static const struct CMUnitTest tests[] = {
    TEST(a_timer_may_be_cancelled_as_soon_as_its_id_is_there),
    TEST(a_listener_may_be_closed_as_soon_as_it_is_there),
    TEST(a_mailslot_may_be_closed_as_soon_as_it_is_there),
    TEST(a_dial_may_be_ended_as_soon_as_it_is_there),
    TEST(an_adopted_handle_may_be_ended_as_soon_as_it_is_there),
    TEST(a_childs_stream_may_be_ended_as_soon_as_it_is_there),
    TEST(a_port_that_stops_sets_nothing),
};

HARNESS_MAIN(tests)
