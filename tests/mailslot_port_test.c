/*
 * The mailslot code for handles on the port, also where the system's mailslots cannot be on one: a
 * message pipe stands in the slot's place. This program's slot_create and slot_open are linked
 * instead of the library's.
 */
#include "mailslot_kit.h"

#include "mailslot/slot.h"

static HANDLE writing_end;

DWORD slot_create(const name_path *path, DWORD max_datagram, const security *s, HANDLE *handle)
{
    wchar_t name[128];

    (void)max_datagram, (void)s;
    swprintf(name, sizeof name / sizeof *name, L"\\\\.\\pipe\\%ls", wcsrchr(path->wide, L'\\') + 1);
    *handle = CreateNamedPipeW(name, PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED,
                               PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, 1, 0, 65536, 0, NULL);
    if (*handle == INVALID_HANDLE_VALUE)
        return GetLastError();
    writing_end = CreateFileW(name, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    return writing_end == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
}

DWORD slot_open(const name_path *path, HANDLE *handle)
{
    (void)path;
    return DuplicateHandle(GetCurrentProcess(), writing_end, GetCurrentProcess(), handle, 0, FALSE,
                           DUPLICATE_SAME_ACCESS)
               ? ERROR_SUCCESS
               : GetLastError();
}

TEST_CASE(on_the_port_datagrams_arrive_in_order)
{
    enum { ALL = 20000 };
    pp_port *port = kit_port(2);
    slot_counts c = {0};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 2000);
    pp_sender *sender;

    assert_ok(pp_sender_open(&sender, name, NULL));
    for (uint32_t i = 0; i < ALL; i++)
        assert_ok(send_stamped(sender, 0, i));
    assert_ok(pp_sender_send(sender, NULL, 0));
    wait_for(c.datagrams, ALL + 1);
    assert_int_equal(c.wrong, 0);
    assert_int_equal(c.empty, 1);
    assert_true(kit_stats(port).operations_read >= ALL);
    assert_ok(pp_sender_close(&sender));
    assert_ok(pp_mailslot_close(&slot)); /* with a read pending */
    wait_for(c.closed, 1);
    assert_status(c.reason, PP_OK);
    CloseHandle(writing_end);
    kit_close(&port);
}

TEST_CASE(on_the_port_a_consumer_that_is_not_ready_is_waited_for)
{
    pp_port *port = kit_port(2);
    slot_counts c = {.refuse = 1};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 2000);
    pp_sender *sender;
    uint64_t reads;

    assert_ok(pp_sender_open(&sender, name, NULL));
    for (uint32_t i = 0; i < 20; i++)
        assert_ok(send_stamped(sender, 0, i));
    wait_for(c.refused, 1);
    reads = kit_stats(port).operations_read;
    assert_false(kit_wait_ms(&c.datagrams, 1, 100));
    assert_int_equal(kit_stats(port).operations_read, reads); /* nothing is read meanwhile */
    c.refuse = 0;
    assert_ok(pp_mailslot_resume(slot));
    wait_for(c.datagrams, 20);
    assert_int_equal(c.wrong, 0);
    assert_ok(pp_sender_close(&sender));
    kit_close(&port); /* the port closes the slot */
    assert_int_equal(c.closed, 1);
    CloseHandle(writing_end);
    assert_ok(pp_mailslot_close(&slot));
}

TEST_CASE(on_the_port_a_stop_delivers_what_was_read)
{
    pp_port *port = kit_port(2);
    slot_counts c = {.refuse = 1};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 2000);
    pp_sender *sender;

    assert_ok(pp_sender_open(&sender, name, NULL));
    assert_ok(send_stamped(sender, 0, 0));
    assert_ok(send_stamped(sender, 0, 1)); /* which nobody reads */
    wait_for(c.refused, 1);
    assert_ok(pp_port_stop(port));
    assert_false(kit_wait_ms(&c.closed, 1, 100));
    c.refuse = 0;
    assert_ok(pp_mailslot_resume(slot));
    wait_for(c.closed, 1);
    assert_int_equal(c.datagrams, 1);
    assert_status(c.reason, PP_OK);
    assert_ok(pp_sender_close(&sender));
    CloseHandle(writing_end);
    kit_close(&port);
    assert_ok(pp_mailslot_close(&slot));
}

TEST_CASE(on_the_port_a_failing_slot_says_why)
{
    pp_port *port = kit_port(1);
    slot_counts c = {0};
    pp_mailslot *slot = listen_to(port, kit_name(), &c, 2000);

    CloseHandle(writing_end); /* what a mailslot never does: its read fails */
    wait_for(c.closed, 1);
    assert_status(c.reason, PP_E_PEER_CLOSED);
    assert_ok(pp_mailslot_close(&slot));
    kit_close(&port);
}

/* The sender of this program opens the pipe by any path. */
TEST_CASE(another_machine_gets_no_longer_datagram_than_it_can)
{
    static const char data[425];
    pp_port *port = kit_port(1);
    slot_counts c = {0};
    const char *name = kit_name();
    pp_mailslot *slot = listen_to(port, name, &c, 2000);
    char path[128];
    pp_sender *sender;

    snprintf(path, sizeof path, "\\\\far\\mailslot\\%s", name);
    assert_ok(pp_sender_open(&sender, path, NULL));
    assert_status(pp_sender_send(sender, data, 425), PP_E_TOO_LONG);
    assert_ok(pp_sender_send(sender, data, 424));
    wait_for(c.datagrams, 1);
    assert_int_equal(c.bytes, 424);
    assert_ok(pp_sender_close(&sender));
    CloseHandle(writing_end);
    kit_close(&port);
    assert_int_equal(c.datagrams, 1);
    assert_ok(pp_mailslot_close(&slot));
}

static const struct CMUnitTest tests[] = {
    TEST(on_the_port_datagrams_arrive_in_order),
    TEST(on_the_port_a_consumer_that_is_not_ready_is_waited_for),
    TEST(on_the_port_a_stop_delivers_what_was_read),
    TEST(on_the_port_a_failing_slot_says_why),
    TEST(another_machine_gets_no_longer_datagram_than_it_can),
};

HARNESS_MAIN(tests)
