/*
 * Many clients: server and clients on two ports of one process, so that each counts its own.
 */
#include "run_kit.h"

#include <stdlib.h>

enum { MANY = 2000, MOST = 10000 };

/* What a process opens once, when it first uses ports and pipes, is no leak. */
static void warm_up(void)
{
    rig *r = rig_open(2, PP_MODE_STREAM);
    HANDLE pipe;

    pipe = rig_client(r);
    kit_write(pipe, "x", 1);
    kit_expect(pipe, "x", 1);
    CloseHandle(pipe);
    wait_for(r->counts.closed, 1);
    rig_close(r);
    kit_descriptors();
}

/* Opens `count` connections, all before the first message, and then runs them. */
static void check_many(pp_mode mode, int count, LONG messages)
{
    size_t before;
    ULONGLONG end;
    pp_port *server, *clients;
    kit_counts counts = {0};
    const char *name = kit_name();
    pp_listen_options listen = kit_listen_options(name, mode, &counts);
    run *runs = calloc((size_t)count, sizeof *runs);
    pp_conn **conns = calloc((size_t)count, sizeof *conns);

    warm_up();
    before = kit_descriptors();
    server = kit_port(2);
    clients = kit_port(2);
    kit_listen(server, &listen);
    for (int i = 0; i < count; i++) {
        pp_dial_options dial = kit_dial_options(name, mode, run_handlers, &runs[i]);

        dial.timeout_ms = 120000;
        runs[i] = (run){.mode = mode, .seed = (uint32_t)i, .small = true, .total = messages};
        assert_ok(pp_dial(clients, &dial, &conns[i], NULL));
    }
    for (int i = 0; i < count; i++)
        assert_true(kit_wait_ms(&runs[i].opened, 1, 120000));
    assert_true(kit_wait_ms(&counts.opened, count, 120000));
    assert_int_equal(kit_stats(server).connections_most, count);
    for (int i = 0; i < count; i++) {
        assert_ok(pp_conn_pause(conns[i])); /* no reply runs beside this thread */
        runs[i].go = true;
        run_send(conns[i], &runs[i]);
        assert_ok(pp_conn_resume(conns[i]));
    }
    for (int i = 0; i < count; i++) {
        assert_true(kit_wait_ms(&runs[i].received, messages, 120000));
        assert_int_equal(runs[i].wrong, 0);
        assert_int_equal(runs[i].bytes_received, runs[i].bytes_sent);
        pp_conn_unref(&conns[i]);
    }
    assert_true(kit_stats(server).messages_in >= (uint64_t)count);
    assert_int_equal(kit_stats(server).accept_errors, 0);
    kit_close(&clients);
    kit_close(&server);
    assert_int_equal(counts.closed, count);
    assert_int_equal(counts.reasons[PP_OK] + counts.reasons[PP_E_PEER_CLOSED], count);
    free(conns);
    free(runs);
    /* Under Wine a thread's descriptors go a moment after the thread. */
    for (end = GetTickCount64() + 5000; kit_descriptors() > before && GetTickCount64() < end;)
        kit_wait_ms(&counts.closed, count + 1, 20);
    /* The loader, RPC and pools of threads may have opened some meanwhile: by far fewer than
     * clients. */
    assert_in_range(kit_descriptors(), 0, before + (kit_is_wine() ? 0 : 20));
}

TEST_CASE(two_thousand_stream_clients_at_once)
{
    check_many(PP_MODE_STREAM, MANY, 50);
}

TEST_CASE(two_thousand_message_clients_at_once)
{
    check_many(PP_MODE_MESSAGE, MANY, 50);
}

TEST_CASE(two_thousand_framed_clients_at_once)
{
    check_many(PP_MODE_FRAMED, MANY, 50);
}

TEST_CASE(ten_thousand_clients_at_once)
{
    check_many(PP_MODE_STREAM, MOST, 1);
}

static const struct CMUnitTest tests[] = {
    TEST(two_thousand_stream_clients_at_once),
    TEST(two_thousand_message_clients_at_once),
    TEST(two_thousand_framed_clients_at_once),
    TEST(ten_thousand_clients_at_once),
};

HARNESS_MAIN(tests)
