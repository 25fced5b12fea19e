/*
 * The process runs out of memory. This program's allocator is linked instead of the library's: it
 * refuses large blocks while a test says so.
 */
#include "kit.h"

#include "base/mem.h"
#include "pipe/conn.h"
#include "pipe/framing.h"

#include <stdlib.h>

enum { KIB = 1024, LARGE = 20000 };

static volatile size_t most = SIZE_MAX; /* bytes of a block; more are refused */

void *mem_alloc(size_t size)
{
    return size <= most ? malloc(size) : NULL;
}

void *mem_alloc_zeroed(size_t size)
{
    return size <= most ? calloc(1, size) : NULL;
}

void *mem_resize(void *block, size_t size)
{
    return size <= most ? realloc(block, size) : NULL;
}

void mem_free(void *block)
{
    free(block);
}

uint64_t mem_allocations(void)
{
    return 0;
}

/* The next instance waits before there is memory for a connection, so the next client needs no
 * other try. */
TEST_CASE(a_client_that_finds_no_memory_holds_up_no_other)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    char path[128];
    HANDLE first, second;

    r->listen.accept_ready = 1;
    rig_listen(r);
    snprintf(path, sizeof path, "\\\\.\\pipe\\%s", r->name);
    most = sizeof(pp_conn) - 1;
    first = rig_client(r);
    wait_until(kit_stats(r->port).accept_errors > 0);
    most = SIZE_MAX;
    second = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_ptr_not_equal(second, INVALID_HANDLE_VALUE);
    kit_write(second, "a", 1);
    kit_expect(second, "a", 1);
    assert_int_equal(kit_drain(first), 0);
    assert_int_equal(r->counts.opened, 1);
    CloseHandle(first);
    CloseHandle(second);
    rig_close(r);
}

TEST_CASE(a_send_that_finds_no_memory_takes_nothing)
{
    static char data[LARGE];
    rig *r = rig_open(1, PP_MODE_FRAMED);
    kit_counts client = {0};
    pp_dial_options dial = rig_dial_options(r, kit_counting(), &client);
    pp_conn *conn;

    rig_listen(r);
    assert_ok(pp_dial(r->port, &dial, &conn, NULL));
    wait_for(client.opened, 1);
    most = sizeof data - 1;
    for (int i = 0; i < 3; i++)
        assert_status(pp_conn_send(conn, data, sizeof data), PP_E_MEMORY);
    assert_int_equal(pp_conn_queued(conn), 0);
    assert_int_equal(kit_stats(r->port).bytes_buffered, 0);
    most = SIZE_MAX;
    assert_ok(pp_conn_send(conn, data, sizeof data));
    wait_for(client.bytes, sizeof data);
    pp_conn_unref(&conn);
    rig_close(r);
}

TEST_CASE(a_read_buffer_that_finds_no_memory_stays_small)
{
    static char data[KIB];
    rig *r = rig_open(1, PP_MODE_STREAM);
    HANDLE pipe;

    r->listen.conn.handlers = kit_counting();
    pipe = rig_client(r);
    wait_for(r->counts.opened, 1);
    most = sizeof data;
    for (LONG i = 1; i <= 3; i++) {
        kit_write(pipe, data, sizeof data);
        wait_for(r->counts.bytes, i * KIB);
        assert_int_equal(kit_stats(r->port).bytes_buffered, 0);
    }
    most = SIZE_MAX;
    kit_write(pipe, data, sizeof data);
    wait_for(r->counts.bytes, 4 * KIB);
    assert_int_equal(kit_stats(r->port).bytes_buffered, KIB);
    CloseHandle(pipe);
    rig_close(r);
}

TEST_CASE(a_message_that_finds_no_memory_ends_that_connection_alone)
{
    static char frame[FRAMING_HEADER + LARGE];
    rig *r = rig_open(1, PP_MODE_FRAMED);
    HANDLE pipe, other;

    pipe = rig_client(r);
    other = rig_client(r);
    wait_for(r->counts.opened, 2);
    most = LARGE;
    framing_write(frame, LARGE);
    kit_write(pipe, frame, FRAMING_HEADER);
    wait_for(r->counts.closed, 1);
    assert_status(r->counts.reason, PP_E_MEMORY);
    most = SIZE_MAX;
    assert_int_equal(kit_stats(r->port).bytes_buffered, 0);
    kit_write(other, frame, sizeof frame);
    kit_expect(other, frame, sizeof frame);
    CloseHandle(pipe);
    CloseHandle(other);
    rig_close(r);
}

static const struct CMUnitTest tests[] = {
    TEST(a_client_that_finds_no_memory_holds_up_no_other),
    TEST(a_send_that_finds_no_memory_takes_nothing),
    TEST(a_read_buffer_that_finds_no_memory_stays_small),
    TEST(a_message_that_finds_no_memory_ends_that_connection_alone),
};

HARNESS_MAIN(tests)
