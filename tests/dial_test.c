/*
 * Dialling: names that are absent or busy, deadlines, cancelling, and many at once.
 */
#include "kit.h"

#include "pipe/open.h"

#include <stdlib.h>

TEST_CASE(an_absent_name_that_appears_is_reached)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    pp_conn *conn;

    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    assert_ok(pp_conn_send(conn, "early", 5)); /* goes out when it is open */
    while (kit_stats(r->port).busy_retries < 3)
        assert_false(kit_wait_ms(&client.opened, 1, 1));
    rig_listen(r);
    wait_for(client.bytes, 5);
    assert_int_equal(client.opened, 1);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(a_busy_name_is_reached_when_an_instance_is_freed)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    HANDLE first, second;

    r->listen.max_clients = 2;
    first = rig_client(r);
    second = rig_client(r);
    assert_ok(pp_dial(r->port, &dial, NULL, NULL));
    while (kit_stats(r->port).busy_retries < 3)
        assert_false(kit_wait_ms(&client.opened, 1, 1));
    assert_int_equal(client.opened, 0);
    CloseHandle(first);
    wait_for(client.opened, 1);
    CloseHandle(second);
    rig_close(r);
}

TEST_CASE(a_deadline_that_passes_says_why)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    kit_counts absent = {0}, busy = {0};
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_STREAM, kit_counting(), &absent);
    ULONGLONG began = GetTickCount64(), took;
    HANDLE only;

    dial.timeout_ms = 300;
    assert_ok(pp_dial(r->port, &dial, NULL, NULL));
    wait_for(absent.closed, 1);
    took = GetTickCount64() - began;
    assert_status(absent.reason, PP_E_NOT_FOUND);
    assert_int_equal(absent.opened, 0);
    assert_true(took >= 280 && took < 3000);
    /* The pauses double, up to 64 ms. The first try of a slow machine may outlast them all. */
    assert_in_range(kit_stats(r->port).busy_retries, 0, 11);

    r->listen.max_clients = 1;
    only = rig_client(r);
    dial.name = r->name;
    dial.conn.user = &busy;
    assert_ok(pp_dial(r->port, &dial, NULL, NULL));
    wait_for(busy.closed, 1);
    assert_status(busy.reason, PP_E_BUSY);
    CloseHandle(only);

    dial.name = kit_name();
    dial.timeout_ms = 0; /* one try */
    began = GetTickCount64();
    assert_ok(pp_dial(r->port, &dial, NULL, NULL));
    wait_for(busy.closed, 2);
    assert_status(busy.reason, PP_E_NOT_FOUND);
    rig_close(r);
}

TEST_CASE(a_dial_can_be_cancelled_in_between)
{
    pp_port *port = kit_port(2);
    kit_counts client = {0};
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_STREAM, kit_counting(), &client);

    for (LONG i = 0; i < 50; i++) {
        pp_conn *conn;

        assert_ok(pp_dial(port, &dial, &conn, NULL));
        while (i % 3 == 2 && kit_stats(port).busy_retries < (uint64_t)i)
            kit_wait_ms(&client.closed, i + 1, 1);
        if (i % 2)
            assert_ok(pp_conn_abort(conn));
        else
            assert_ok(pp_conn_close(conn));
        wait_for(client.closed, i + 1);
        assert_status(client.reason, PP_E_ABORTED);
        assert_status(pp_conn_send(conn, "x", 1), PP_E_CLOSING);
        pp_conn_unref(&conn);
        assert_null(conn);
    }
    assert_int_equal(client.opened, 0);
    kit_close(&port);
}

TEST_CASE(stopping_the_port_ends_dials)
{
    pp_port *port = kit_port(2);
    kit_counts client = {0};
    pp_dial_options dial = kit_dial_options(kit_name(), PP_MODE_STREAM, kit_counting(), &client);

    for (int i = 0; i < 20; i++)
        assert_ok(pp_dial(port, &dial, NULL, NULL));
    kit_close(&port);
    assert_int_equal(client.closed, 20);
    assert_int_equal(client.reasons[PP_E_ABORTED], 20);
}

TEST_CASE(two_hundred_dials_at_once_are_all_served)
{
    for (int mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        rig *r = rig_open(2, (pp_mode)mode);
        kit_counts client = {0};
        pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);

        rig_listen(r);
        for (int i = 0; i < 200; i++) {
            pp_conn *conn;

            assert_ok(pp_dial(r->port, &dial, &conn, NULL));
            assert_ok(pp_conn_send(conn, "two hundred", 11));
            pp_conn_unref(&conn);
        }
        wait_for(client.bytes, 200 * 11);
        assert_int_equal(client.opened, 200);
        rig_close(r);
        assert_int_equal(client.closed, 200);
        assert_int_equal(r->counts.closed, 200);
    }
}

/* Bytes or messages is the choice of who made the pipe: no argument of ours is wrong. */
TEST_CASE(a_pipe_of_bytes_says_so_to_a_client_of_messages)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    kit_counts dialled = {0};
    pp_dial_options dial = kit_dial_options(r->name, PP_MODE_MESSAGE, kit_counting(), &dialled);
    pp_client_options options;
    pp_client *client;
    pp_error error;

    rig_listen(r);
    assert_ok(pp_dial(r->port, &dial, NULL, NULL));
    wait_for(dialled.closed, 1);
    assert_status(dialled.reason, PP_E_MODE);
    assert_int_equal(dialled.opened, 0);

    pp_client_options_init(&options);
    options.name = r->name;
    options.mode = PP_MODE_MESSAGE;
    assert_status(pp_client_open(&client, &options, &error), PP_E_MODE);
    assert_non_null(strstr(error.message, r->name));
    assert_non_null(strstr(error.message, "bytes, not messages"));
    rig_close(r);
}

/* A handle that is closed twice may be another's the second time. */
TEST_CASE(a_pipe_that_is_refused_is_nobodys)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    open_request *request = malloc(sizeof *request);
    HANDLE pipe;
    DWORD code;

    assert_non_null(request);
    rig_listen(r);
    assert_ok(open_prepare(request, r->name, PP_MODE_MESSAGE, PP_DIRECTION_DUPLEX, 0, NULL, NULL));
    assert_status(open_once(request, &pipe, &code), PP_E_MODE);
    assert_ptr_equal(pipe, INVALID_HANDLE_VALUE);
    request->mode = PP_MODE_STREAM;
    request->server_process = GetCurrentProcessId() + 1;
    assert_status(open_once(request, &pipe, &code), PP_E_IMPOSTOR);
    assert_ptr_equal(pipe, INVALID_HANDLE_VALUE);
    free(request);
    rig_close(r);
}

static const struct CMUnitTest tests[] = {
    TEST(an_absent_name_that_appears_is_reached),
    TEST(a_busy_name_is_reached_when_an_instance_is_freed),
    TEST(a_deadline_that_passes_says_why),
    TEST(a_dial_can_be_cancelled_in_between),
    TEST(stopping_the_port_ends_dials),
    TEST(two_hundred_dials_at_once_are_all_served),
    TEST(a_pipe_of_bytes_says_so_to_a_client_of_messages),
    TEST(a_pipe_that_is_refused_is_nobodys),
};

HARNESS_MAIN(tests)
