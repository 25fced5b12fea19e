/*
 * Dialling another machine, whose open blocks for as long as the network likes. This program's
 * open_once is linked instead of the library's: it blocks until the test lets it go on, and then
 * opens a pipe of this machine.
 */
#include "kit.h"

#include "pipe/open.h"

static HANDLE go_on; /* a manual event, reset by who begins a test */
static const char *opens;
static volatile LONG blocked, ended;

pp_status open_once(const open_request *r, HANDLE *pipe, DWORD *error)
{
    pp_status status = PP_OK;

    (void)r;
    kit_add(&blocked, 1);
    WaitForSingleObject(go_on, KIT_WAIT_MS);
    *error = ERROR_BAD_NETPATH;
    *pipe = INVALID_HANDLE_VALUE;
    if (opens) {
        char path[128];

        snprintf(path, sizeof path, "\\\\.\\pipe\\%s", opens);
        *pipe = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                            FILE_FLAG_OVERLAPPED, NULL);
    }
    if (*pipe == INVALID_HANDLE_VALUE)
        status = PP_E_ACCESS;
    kit_add(&ended, 1);
    return status;
}

static pp_conn *dial(pp_port *port, uint64_t timeout_ms, kit_counts *client)
{
    pp_dial_options options =
        kit_dial_options("\\\\far\\pipe\\away", PP_MODE_STREAM, kit_counting(), client);
    pp_conn *conn;

    if (go_on)
        CloseHandle(go_on);
    go_on = CreateEventW(NULL, TRUE, FALSE, NULL);
    blocked = ended = 0;
    options.timeout_ms = timeout_ms;
    assert_ok(pp_dial(port, &options, &conn, NULL));
    wait_for(blocked, 1);
    return conn;
}

/* The connection has ended for `reason` while the open blocks; now the open ends. */
static void expect_end(kit_counts *client, const char *reason, pp_conn *conn)
{
    wait_for(client->closed, 1);
    assert_string_equal(pp_status_name((pp_status)client->reason), reason);
    assert_int_equal(ended, 0);
    pp_conn_unref(&conn);
    SetEvent(go_on);
    wait_for(ended, 1);
}

TEST_CASE(another_machine_is_reached_by_a_helper)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    kit_counts client = {0};
    pp_conn *conn;

    rig_listen(r);
    opens = r->name;
    conn = dial(r->port, 0, &client); /* one try takes as long as it takes */
    assert_ok(pp_conn_send(conn, "early", 5));
    assert_false(kit_wait_ms(&client.closed, 1, 50));
    SetEvent(go_on);
    wait_for(client.bytes, 5);
    assert_int_equal(client.opened, 1);
    pp_conn_unref(&conn);

    opens = NULL;
    client = (kit_counts){0};
    conn = dial(r->port, 0, &client);
    SetEvent(go_on);
    wait_for(client.closed, 1);
    assert_status((pp_status)client.reason, PP_E_ACCESS);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(an_open_that_blocks_holds_up_no_end)
{
    pp_port *port = kit_port(1), *stopped = kit_port(1);
    const char *name = kit_name();
    kit_counts server = {0}, late = {0}, cancelled = {0}, stopping = {0};
    pp_listen_options listen = kit_listen_options(name, PP_MODE_STREAM, &server);
    pp_conn *conn;

    kit_listen(port, &listen);
    opens = name;
    expect_end(&late, "PP_E_TIMEOUT", dial(port, 100, &late));

    conn = dial(port, 60000, &cancelled);
    assert_ok(pp_conn_abort(conn));
    expect_end(&cancelled, "PP_E_ABORTED", conn);

    conn = dial(stopped, 60000, &stopping);
    kit_close(&stopped);
    expect_end(&stopping, "PP_E_ABORTED", conn);

    /* What the helpers opened nevertheless, they closed. */
    wait_for(server.opened, 3);
    wait_for(server.closed, 3);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(another_machine_is_reached_by_a_helper),
    TEST(an_open_that_blocks_holds_up_no_end),
};

HARNESS_MAIN(tests)
