/*
 * Buffers with a count of references: sent without a copy, in memory once, freed once.
 */
#include "kit.h"

#include "base/buffer.h"
#include "base/clock.h"

enum { CLIENTS = 1000, BYTES = 200 * 1024 };

/* The server's connections, gathered as they open. */
typedef struct gathered {
    SRWLOCK lock;
    pp_conn *conns[CLIENTS];
    volatile LONG opened, closed;
} gathered;

static void gather(pp_conn *conn, void *user)
{
    gathered *g = user;

    pp_conn_ref(conn);
    AcquireSRWLockExclusive(&g->lock);
    g->conns[g->opened] = conn;
    kit_add(&g->opened, 1); /* inside, for it is the next index too */
    ReleaseSRWLockExclusive(&g->lock);
}

static void lose(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn, (void)reason;
    kit_add(&((gathered *)user)->closed, 1);
}

/* Checks the bytes that arrive against the stream of the buffer. */
typedef struct checker {
    volatile LONG opened, bytes, wrong, closed;
} checker;

static void checker_open(pp_conn *conn, void *user)
{
    pp_conn_pause(conn);
    kit_add(&((checker *)user)->opened, 1);
}

static pp_status checker_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    checker *c = user;

    (void)conn;
    if (!kit_is_filled(data, length, 3, (uint64_t)c->bytes % BYTES))
        InterlockedIncrement(&c->wrong);
    kit_add(&c->bytes, (LONG)length);
    return PP_OK;
}

static void checker_close(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn, (void)reason;
    kit_add(&((checker *)user)->closed, 1);
}

TEST_CASE(one_buffer_for_a_thousand_connections_is_there_once)
{
    static const pp_handlers handlers = {
        .on_open = checker_open, .on_message = checker_message, .on_close = checker_close};
    static gathered g;
    static checker checkers[CLIENTS];
    static pp_conn *clients[CLIENTS];
    pp_port *server = kit_port(2), *port = kit_port(1);
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, PP_MODE_STREAM, NULL);
    pp_buffer *buffer = pp_buffer_new(BYTES);
    size_t before;

    InitializeSRWLock(&g.lock);
    listen.conn.handlers = (pp_handlers){.on_open = gather, .on_close = lose};
    listen.conn.user = &g;
    listen.pipe_buffer = 4096;
    kit_listen(server, &listen);
    for (int i = 0; i < CLIENTS; i++) {
        pp_dial_options dial = kit_dial_options(name, PP_MODE_STREAM, handlers, &checkers[i]);

        assert_ok(pp_dial(port, &dial, &clients[i], NULL));
    }
    wait_for(g.opened, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        wait_for(checkers[i].opened, 1);

    kit_fill(pp_buffer_data(buffer), BYTES, 3, 0);
    before = kit_memory();
    for (int i = 0; i < CLIENTS; i++)
        assert_ok(pp_conn_send_buffer(g.conns[i], buffer));
    /* Copies would be 200 MB. It may even have shrunk. */
    assert_true(kit_memory() < before + (size_t)BYTES * CLIENTS / 4);
    assert_true(kit_stats(server).bytes_buffered < BYTES);
    assert_int_equal(buffer_count(), 1);
    pp_buffer_unref(&buffer);
    assert_null(buffer);
    for (int i = 0; i < CLIENTS; i += 2) /* half of them die in between */
        assert_ok(i % 4 ? pp_conn_abort(clients[i]) : pp_conn_close(clients[i]));
    for (int i = 1; i < CLIENTS; i += 2)
        assert_ok(pp_conn_resume(clients[i]));
    for (int i = 1; i < CLIENTS; i += 2) {
        wait_for(checkers[i].bytes, BYTES);
        assert_int_equal(checkers[i].wrong, 0);
    }
    wait_for(g.closed, CLIENTS / 2);
    for (int i = 0; i < CLIENTS; i++) {
        pp_conn_unref(&clients[i]);
        pp_conn_unref(&g.conns[i]);
    }
    kit_close(&port);
    kit_close(&server);
    assert_int_equal(buffer_count(), 0);
}

static volatile LONG in_order, out_of_order;

static pp_status check_order(pp_conn *conn, void *user, const void *data, size_t length)
{
    static const size_t lengths[] = {5, 70000, 0, 3, 70000, 70000, 5};
    LONG at = in_order;

    (void)conn, (void)user;
    if (length != lengths[at % 7] || !kit_is_filled(data, length, (uint32_t)length, 0))
        InterlockedIncrement(&out_of_order);
    kit_add(&in_order, 1);
    return PP_OK;
}

/* Copied and shared messages mixed, in both modes that have messages. */
TEST_CASE(shared_and_copied_messages_keep_their_order)
{
    for (int mode = PP_MODE_MESSAGE; mode <= PP_MODE_FRAMED; mode++) {
        pp_port *port = kit_port(2);
        const char *name = kit_name();
        kit_counts client = {0};
        pp_listen_options listen = kit_listen_options(name, (pp_mode)mode, NULL);
        pp_dial_options dial = kit_dial_options(name, (pp_mode)mode, kit_counting(), &client);
        pp_buffer *large = pp_buffer_new(70000), *empty = pp_buffer_new(0);
        char five[5], three[3];
        pp_conn *conn;

        in_order = out_of_order = 0;
        listen.conn.handlers = (pp_handlers){.on_message = check_order};
        dial.conn.high_mark = 64 * 1024 * 1024;
        kit_listen(port, &listen);
        kit_fill(pp_buffer_data(large), 70000, 70000, 0);
        kit_fill(five, 5, 5, 0);
        kit_fill(three, 3, 3, 0);
        assert_ok(pp_dial(port, &dial, &conn, NULL));
        for (int i = 0; i < 50; i++) {
            assert_ok(pp_conn_send(conn, five, 5));
            assert_ok(pp_conn_send_buffer(conn, large));
            assert_ok(pp_conn_send_buffer(conn, empty));
            assert_ok(pp_conn_send(conn, three, 3));
            assert_ok(pp_conn_send_buffer(conn, large));
            assert_ok(pp_conn_send_buffer(conn, large));
            assert_ok(pp_conn_send(conn, five, 5));
        }
        wait_for(in_order, 350);
        assert_int_equal(out_of_order, 0);
        pp_buffer_unref(&large);
        pp_buffer_unref(&empty);
        pp_conn_unref(&conn);
        kit_close(&port);
        assert_int_equal(buffer_count(), 0);
    }
}

/* A batch: a function that posts others, all of which send. The simulated Windows has another
 * thread send meanwhile: here it would not always get the processor in time. */
typedef struct salvo {
    pp_port *port;
    pp_conn *conn;
    volatile LONG failed;
    uint64_t first_ms, last_ms; /* when the first callback began, and the last ended */
} salvo;

enum { POSTED = 4, SALVO = 2 * POSTED };

static void salvo_send(void *user, pp_status status)
{
    salvo *s = user;

    if (status != PP_OK || pp_conn_send(s->conn, "x", 1) != PP_OK)
        InterlockedIncrement(&s->failed);
    s->last_ms = clock_ms();
}

static void salvo_begin(void *user, pp_status status)
{
    salvo *s = user;

    s->first_ms = clock_ms();
    for (int i = 0; i < POSTED; i++) {
        salvo_send(s, status); /* the connection's turn is due before most of the functions */
        if (pp_port_post(s->port, salvo_send, s) != PP_OK)
            InterlockedIncrement(&s->failed);
    }
}

/* One worker, which counts each callback that takes longer than a millisecond. */
static pp_port *salvo_port(void)
{
    pp_port_options options;
    pp_port *port;

    pp_port_options_init(&options);
    options.workers = 1;
    options.slow_callback_ms = 1;
    assert_ok(pp_port_open(&port, &options, NULL));
    return port;
}

/* One salvo through a fresh connection. False: the machine was so busy that the callbacks took
 * long, and after such ones the port lets no write wait for others. */
static bool salvo_leaves_in_one_write(pp_mode mode)
{
    const char *name = kit_name();
    pp_port *server = kit_port(1);
    kit_counts served = {0}, counts = {0};
    pp_listen_options listen = kit_listen_options(name, mode, &served);
    pp_dial_options dial = kit_dial_options(name, mode, kit_counting(), &counts);
    salvo s = {.port = salvo_port()};
    bool quick;

    kit_listen(server, &listen);
    assert_ok(pp_dial(s.port, &dial, &s.conn, NULL));
    wait_for(counts.opened, 1);
    assert_ok(pp_port_post(s.port, salvo_begin, &s));
    wait_for(counts.bytes, SALVO);
    assert_int_equal(s.failed, 0);
    quick = s.last_ms - s.first_ms <= 1 && kit_stats(s.port).slow_callbacks == 0;
    if (quick)
        assert_int_equal(kit_stats(s.port).operations_write, 1);
    pp_conn_unref(&s.conn);
    kit_close(&s.port);
    kit_close(&server);
    return quick;
}

TEST_CASE(what_one_batch_queues_leaves_in_one_write)
{
    static const pp_mode modes[] = {PP_MODE_STREAM, PP_MODE_FRAMED};

    for (int mode = 0; mode < 2; mode++) {
        int tries = 1;

        while (!salvo_leaves_in_one_write(modes[mode]))
            assert_true(++tries <= 100);
    }
}

static const struct CMUnitTest tests[] = {
    TEST(one_buffer_for_a_thousand_connections_is_there_once),
    TEST(shared_and_copied_messages_keep_their_order),
    TEST(what_one_batch_queues_leaves_in_one_write),
};

HARNESS_MAIN(tests)
