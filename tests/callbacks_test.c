/*
 * Turns: callbacks of one connection never overlap and keep their order, with eight workers, random
 * closes and pauses, and foreign threads that send and close with references of their own.
 */
#include "kit.h"

enum { CONNS = 60, THREADS = 3, WORKERS = 8 };

typedef struct watched {
    volatile LONG inside; /* callbacks that are running */
    volatile LONG phase;  /* 0 before on_open, 1 open, 2 after on_close */
    volatile LONG overlaps, disorders, wrong;
    uint64_t in, random;
    uint32_t seed;
    struct crowd *crowd;
    SRWLOCK lock; /* for `conn` and `sent`: the stream's order is the order of the sends */
    pp_conn *conn;
    uint64_t sent;
} watched;

typedef struct crowd {
    volatile LONG opened, closed, messages, stop;
    watched members[CONNS];
} crowd;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void go_in(watched *w, LONG least, LONG most)
{
    if (InterlockedIncrement(&w->inside) != 1)
        InterlockedIncrement(&w->overlaps);
    if (w->phase < least || w->phase > most)
        InterlockedIncrement(&w->disorders);
}

static void go_out(watched *w)
{
    InterlockedDecrement(&w->inside);
}

static void crowd_open(pp_conn *conn, void *user)
{
    watched *w = user;

    go_in(w, 0, 0);
    w->phase = 1;
    AcquireSRWLockExclusive(&w->lock);
    pp_conn_ref(conn);
    w->conn = conn;
    ReleaseSRWLockExclusive(&w->lock);
    kit_add(&w->crowd->opened, 1);
    go_out(w);
}

static pp_status crowd_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    watched *w = user;
    uint64_t random = next_random(&w->random);
    pp_status status = PP_OK;

    go_in(w, 1, 1);
    if (random % 50 == 0) {
        pp_conn_pause(conn);
        pp_conn_resume(conn);
    }
    if (random % 40 == 1) {
        pp_conn_resume(conn);
        status = PP_E_AGAIN; /* it comes again */
    } else {
        if (!kit_is_filled(data, length, w->seed, w->in))
            InterlockedIncrement(&w->wrong);
        w->in += length;
        kit_add(&w->crowd->messages, 1);
    }
    if (random % 400 == 2)
        pp_conn_close(conn);
    if (random % 400 == 3)
        pp_conn_abort(conn);
    go_out(w);
    return status;
}

static void crowd_writable(pp_conn *conn, void *user)
{
    (void)conn;
    go_in(user, 1, 1);
    go_out(user);
}

static void crowd_close(pp_conn *conn, void *user, pp_status reason)
{
    watched *w = user;

    (void)conn, (void)reason;
    go_in(w, 1, 1);
    w->phase = 2;
    go_out(w);
    kit_add(&w->crowd->closed, 1);
}

/* Sends to, pauses and closes connections of the crowd at random. */
static DWORD WINAPI meddle(void *argument)
{
    crowd *all = argument;
    uint64_t random = GetCurrentThreadId();
    char data[300];

    while (!all->stop) {
        watched *w = &all->members[next_random(&random) % CONNS];
        pp_conn *conn;
        uint64_t what = next_random(&random) % 2000;

        AcquireSRWLockExclusive(&w->lock);
        conn = w->conn;
        pp_conn_ref(conn);
        kit_fill(data, sizeof data, w->seed, w->sent);
        if (conn && what > 20 && pp_conn_send(conn, data, sizeof data) == PP_OK)
            w->sent += sizeof data;
        ReleaseSRWLockExclusive(&w->lock);
        if (what == 0)
            pp_conn_abort(conn);
        if (what == 1)
            pp_conn_close(conn);
        if (what > 1 && what < 20)
            pp_conn_pause(conn);
        if (conn && what > 1)
            pp_conn_resume(conn);
        pp_conn_unref(&conn);
    }
    return 0;
}

static void one_round(pp_mode mode, int round)
{
    static crowd all;
    rig *r = rig_open(WORKERS, mode);
    HANDLE threads[THREADS];

    all = (crowd){0};
    rig_listen(r);
    for (int i = 0; i < CONNS; i++) {
        static const pp_handlers handlers = {.on_open = crowd_open,
                                             .on_message = crowd_message,
                                             .on_writable = crowd_writable,
                                             .on_close = crowd_close};
        watched *w = &all.members[i];
        pp_dial_options dial = rig_dial_options(r, handlers, w);

        InitializeSRWLock(&w->lock);
        w->crowd = &all;
        w->seed = (uint32_t)(round * CONNS + i);
        w->random = w->seed;
        dial.conn.high_mark = 2000;
        assert_ok(pp_dial(r->port, &dial, NULL, NULL));
    }
    wait_for(all.opened, CONNS);
    for (int i = 0; i < THREADS; i++)
        threads[i] = CreateThread(NULL, 0, meddle, &all, 0, NULL);
    wait_for(all.closed, CONNS / 2);
    rig_close(r); /* while they go on */
    all.stop = 1;
    WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
    assert_int_equal(all.closed, CONNS);
    assert_int_equal(r->counts.closed,
                     r->counts.opened); /* some may have left before they came in */
    for (int i = 0; i < CONNS; i++) {
        watched *w = &all.members[i];

        assert_int_equal(w->overlaps, 0);
        assert_int_equal(w->disorders, 0);
        assert_int_equal(w->wrong, 0);
        assert_int_equal(w->phase, 2);
        assert_true(w->in <= w->sent);
        pp_conn_unref(&w->conn);
    }
    for (int i = 0; i < THREADS; i++)
        CloseHandle(threads[i]);
}

TEST_CASE(callbacks_never_overlap_and_keep_their_order)
{
    for (int round = 0; round < 9; round++)
        one_round((pp_mode)(round % 3), round);
}

/* Each connection opens, sends and closes another from its own callbacks. */
typedef struct chain {
    pp_port *port;
    char name[64];
    volatile LONG opened, closed, left, extra_failed;
} chain;

static void chain_open(pp_conn *conn, void *user);

static void chain_closed(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn, (void)reason;
    kit_add(&((chain *)user)->closed, 1);
}

static const pp_handlers chain_handlers = {.on_open = chain_open, .on_close = chain_closed};

static void chain_open(pp_conn *conn, void *user)
{
    chain *c = user;
    pp_listen_options listen;
    pp_listener *listener;

    pp_listen_options_init(&listen);
    listen.name = kit_name();
    if (pp_listen(c->port, &listen, &listener, NULL) != PP_OK ||
        pp_listener_close(&listener) != PP_OK)
        InterlockedIncrement(&c->extra_failed);
    if (InterlockedDecrement(&c->left) >= 0) {
        pp_dial_options dial = kit_dial_options(c->name, PP_MODE_STREAM, chain_handlers, c);

        pp_dial(c->port, &dial, NULL, NULL);
    }
    pp_conn_send(conn, "on my way", 9);
    pp_conn_close(conn);
    kit_add(&c->opened, 1);
}

TEST_CASE(callbacks_may_dial_listen_send_and_close)
{
    chain c = {.port = kit_port(2), .left = 100};
    kit_counts server = {0};
    pp_listen_options listen = kit_listen_options(c.name, PP_MODE_STREAM, &server);
    pp_dial_options dial = kit_dial_options(c.name, PP_MODE_STREAM, chain_handlers, &c);

    strcpy(c.name, kit_name());
    listen.conn.handlers.on_message = kit_counting().on_message;
    kit_listen(c.port, &listen);
    assert_ok(pp_dial(c.port, &dial, NULL, NULL));
    wait_for(c.closed, 101);
    wait_for(server.closed, 101);
    assert_int_equal(server.bytes, 101 * 9);
    assert_int_equal(c.extra_failed, 0);
    kit_close(&c.port);
}

static pp_status stop_the_port(pp_conn *conn, void *user, const void *data, size_t length)
{
    pp_port *port = *(pp_port **)user;

    (void)data, (void)length;
    pp_conn_send(conn, "bye", 3);
    pp_port_stop(port);
    return PP_OK;
}

TEST_CASE(the_port_can_be_stopped_from_a_connection)
{
    pp_port *port = kit_port(2);
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, PP_MODE_STREAM, NULL);
    HANDLE pipe;

    listen.conn.handlers = (pp_handlers){.on_message = stop_the_port};
    listen.conn.user = &port;
    kit_listen(port, &listen);
    pipe = kit_open(name, false);
    kit_write(pipe, "stop", 4);
    assert_ok(pp_port_wait(port));
    kit_expect(pipe, "bye", 3);
    CloseHandle(pipe);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(callbacks_never_overlap_and_keep_their_order),
    TEST(callbacks_may_dial_listen_send_and_close),
    TEST(the_port_can_be_stopped_from_a_connection),
};

HARNESS_MAIN(tests)
