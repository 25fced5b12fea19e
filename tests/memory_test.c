/*
 * That the allocator of -Dmemory=guard ends a process that makes a memory error.
 */
#include "kit.h"

#define HEAP_CORRUPTED 0xC0000374

/* The exit status of a process that makes this fault. */
static DWORD status_of(const char *fault)
{
    pp_port *port = kit_port(1);
    pp_spawn_options options = {.command_line = kit_command("memory_fault.exe", fault)};
    pp_child child;
    DWORD status;

    assert_ok(pp_spawn(port, &options, &child, NULL));
    assert_int_equal(WaitForSingleObject(child.process, KIT_WAIT_MS), WAIT_OBJECT_0);
    assert_true(GetExitCodeProcess(child.process, &status));
    CloseHandle(child.process);
    kit_close(&port);
    return status;
}

TEST_CASE(what_is_used_as_it_may_be_is_no_error)
{
    assert_int_equal(status_of("none"), 0);
}

TEST_CASE(an_overrun_is_an_access_violation)
{
    assert_int_equal(status_of("read_over"), STATUS_ACCESS_VIOLATION);
}

TEST_CASE(a_use_after_free_is_an_access_violation)
{
    assert_int_equal(status_of("use_after_free"), STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of("use_after_resize"), STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of("use_much_later"), STATUS_ACCESS_VIOLATION);
    assert_int_equal(status_of("free_twice"), STATUS_ACCESS_VIOLATION);
}

TEST_CASE(a_write_beside_a_block_is_seen_when_it_is_freed)
{
    assert_int_equal(status_of("write_over"), HEAP_CORRUPTED);
    assert_int_equal(status_of("write_before"), HEAP_CORRUPTED);
}

static const struct CMUnitTest tests[] = {
    TEST(what_is_used_as_it_may_be_is_no_error),
    TEST(an_overrun_is_an_access_violation),
    TEST(a_use_after_free_is_an_access_violation),
    TEST(a_write_beside_a_block_is_seen_when_it_is_freed),
};

HARNESS_MAIN(tests)
