/*
 * What a connection gives back when it is idle, also when it was busy only once.
 */
#include "kit.h"

#include "pipe/conn.h"

enum { KIB = 1024 };

/* Its first read fills the buffer, which grows, and no other read follows. */
TEST_CASE(who_has_received_once_gives_its_buffer_back)
{
    static char data[KIB];
    rig *r = rig_open(1, PP_MODE_STREAM);
    ULONGLONG end = GetTickCount64() + KIT_WAIT_MS;
    HANDLE pipe;

    r->listen.conn.handlers = kit_counting();
    pipe = rig_client(r);
    kit_write(pipe, data, sizeof data);
    wait_for(r->counts.bytes, sizeof data);
    wait_until(kit_stats(r->port).bytes_buffered > 0);
    while (kit_stats(r->port).bytes_buffered > 0) {
        assert_true(GetTickCount64() < end);
        assert_false(kit_wait_ms(&r->counts.closed, 1, 50));
    }
    CloseHandle(pipe);
    rig_close(r);
}

static bool keeps_memory(pp_conn *conn)
{
    return conn->outbox.active.size > 0 || conn->outbox.filling.size > 0;
}

TEST_CASE(who_has_sent_once_gives_its_memory_back)
{
    static char data[20 * KIB];
    rig *r = rig_open(1, PP_MODE_STREAM);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    ULONGLONG end = GetTickCount64() + KIT_WAIT_MS;
    pp_conn *conn;

    r->listen.conn.handlers = kit_counting();
    rig_listen(r);
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    assert_ok(pp_conn_send(conn, data, sizeof data));
    assert_true(keeps_memory(conn));
    wait_for(r->counts.bytes, sizeof data);
    while (keeps_memory(conn)) {
        assert_true(GetTickCount64() < end);
        assert_false(kit_wait_ms(&client.closed, 1, 50));
    }
    pp_conn_unref(&conn);
    rig_close(r);
}

static const struct CMUnitTest tests[] = {
    TEST(who_has_received_once_gives_its_buffer_back),
    TEST(who_has_sent_once_gives_its_memory_back),
};

HARNESS_MAIN(tests)
