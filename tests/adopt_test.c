/*
 * Connections of handles that others opened: pipes in all states, and what is none; sockets have a
 * test of their own.
 */
#include <wchar.h>

#include "kit.h"

/* Who opened it may have asked for no packets where a call succeeds at once. */
TEST_CASE(a_handle_whose_modes_are_set_is_adopted)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    const char *name = kit_name();
    pp_conn_options options;
    wchar_t path[128];
    HANDLE serving, other;

    swprintf(path, sizeof path / sizeof *path, L"\\\\.\\pipe\\%hs", name);
    serving = CreateNamedPipeW(path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, PIPE_TYPE_BYTE, 1,
                               4096, 4096, 0, NULL);
    assert_true(serving != INVALID_HANDLE_VALUE);
    other = kit_open(name, false);
    assert_true(SetFileCompletionNotificationModes(serving, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS));
    kit_write(other, "already there", 13); /* the first read succeeds at once */
    pp_conn_options_init(&options);
    options.handlers = kit_echo();
    options.user = &counts;
    assert_ok(pp_conn_adopt(port, serving, &options, NULL, NULL));
    wait_for(counts.bytes, 13);
    kit_expect(other, "already there", 13);
    CloseHandle(other);
    wait_for(counts.closed, 1);
    kit_close(&port);
}

/* ---- What is refused ------------------------------------------------------------------------ */

static wchar_t path[128]; /* of the pipe or mailslot of the handle made last */
static HANDLE also;       /* what has to stay open beside it */

static HANDLE make_server(DWORD access, DWORD mode)
{
    swprintf(path, sizeof path / sizeof *path, L"\\\\.\\pipe\\%hs", kit_name());
    return CreateNamedPipeW(path, access | FILE_FLAG_OVERLAPPED, mode, 1, 4096, 4096, 0, NULL);
}

static HANDLE open_path(const wchar_t *name, DWORD access, DWORD flags)
{
    return CreateFileW(name, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, flags,
                       NULL);
}

static HANDLE make_client(DWORD access, DWORD flags)
{
    also = make_server(PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE);
    return open_path(path, access, flags);
}

static HANDLE make_closed(void)
{
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);

    CloseHandle(event);
    return event;
}

static HANDLE make_event(void)
{
    return CreateEventW(NULL, FALSE, FALSE, NULL);
}

static HANDLE make_file(void)
{
    wchar_t folder[MAX_PATH], name[MAX_PATH + 16];

    GetTempPathW(MAX_PATH, folder);
    GetTempFileNameW(folder, L"pp", 0, name);
    return CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                       FILE_FLAG_OVERLAPPED | FILE_FLAG_DELETE_ON_CLOSE, NULL);
}

static HANDLE make_folder(void)
{
    wchar_t folder[MAX_PATH];

    GetTempPathW(MAX_PATH, folder);
    return open_path(folder, GENERIC_READ, FILE_FLAG_OVERLAPPED | FILE_FLAG_BACKUP_SEMANTICS);
}

static HANDLE make_null_device(void)
{
    return open_path(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED);
}

static HANDLE make_console(void)
{
    return open_path(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, 0);
}

static HANDLE make_mailslot(void)
{
    swprintf(path, sizeof path / sizeof *path, L"\\\\.\\mailslot\\%hs", kit_name());
    return CreateMailslotW(path, 0, MAILSLOT_WAIT_FOREVER, NULL);
}

static HANDLE make_mailslot_sender(void)
{
    also = make_mailslot();
    return open_path(path, GENERIC_WRITE, FILE_FLAG_OVERLAPPED);
}

static HANDLE make_synchronous(void)
{
    return make_client(GENERIC_READ | GENERIC_WRITE, 0);
}

static HANDLE make_anonymous(void)
{
    HANDLE reading;

    assert_true(CreatePipe(&reading, &also, NULL, 0));
    return reading;
}

static HANDLE make_bound(void)
{
    HANDLE bound = make_client(GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED), iocp;

    CloseHandle(also); /* the other end is not needed: `also` keeps the port */
    iocp = CreateIoCompletionPort(bound, NULL, 0, 0);
    assert_non_null(iocp);
    also = iocp;
    return bound;
}

static HANDLE make_write_only(void)
{
    return make_client(GENERIC_WRITE, FILE_FLAG_OVERLAPPED);
}

static HANDLE make_read_only(void)
{
    return make_client(GENERIC_READ, FILE_FLAG_OVERLAPPED);
}

static HANDLE make_bytes(void)
{
    return make_client(GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED);
}

static HANDLE make_messages_without_packets(void)
{
    HANDLE serving = make_server(PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE);

    SetFileCompletionNotificationModes(serving, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    also = open_path(path, GENERIC_READ | GENERIC_WRITE, 0);
    return serving;
}

TEST_CASE(what_cannot_be_a_connection_is_refused_and_closed)
{
    static const struct {
        const char *what;
        HANDLE (*make)(void);
        pp_mode mode;
        pp_direction direction;
        pp_status status;
        const char *says;
    } rows[] = {
        {"a closed handle", make_closed, 0, 0, PP_E_ARGUMENT, "neither a pipe nor a socket"},
        {"an event", make_event, 0, 0, PP_E_ARGUMENT, "neither a pipe nor a socket"},
        {"a disk file", make_file, 0, 0, PP_E_ARGUMENT, "neither a pipe nor a socket"},
        {"a folder", make_folder, 0, 1, PP_E_ARGUMENT, "neither a pipe nor a socket"},
        {"the null device", make_null_device, 0, 0, PP_E_ARGUMENT, "neither a pipe nor a socket"},
        {"a console, or none", make_console, 0, 0, PP_E_ARGUMENT, "handle is "},
        {"a mailslot", make_mailslot, 0, 1, PP_E_ARGUMENT, "neither a pipe nor a socket"},
        {"a mailslot's sender", make_mailslot_sender, 0, 2, PP_E_ARGUMENT,
         "neither a pipe nor a socket"},
        {"a synchronous pipe", make_synchronous, 0, 0, PP_E_ARGUMENT, "synchronous"},
        {"an anonymous pipe", make_anonymous, 0, 1, PP_E_ARGUMENT, "synchronous"},
        {"a handle on a port", make_bound, 0, 0, PP_E_ARGUMENT, "on a port"},
        {"a write-only pipe to receive", make_write_only, 0, 0, PP_E_ARGUMENT, "right to read"},
        {"a read-only pipe to send", make_read_only, 0, 0, PP_E_ARGUMENT, "right to write"},
        {"bytes as messages", make_bytes, PP_MODE_MESSAGE, 0, PP_E_MODE, "stream (0)"},
        {"messages without packets", make_messages_without_packets, PP_MODE_MESSAGE, 0,
         PP_E_ARGUMENT, "FILE_SKIP_COMPLETION_PORT_ON_SUCCESS"},
    };
    pp_port *port = kit_port(1);
    kit_counts counts = {0};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pp_conn_options options;
        pp_conn *conn;
        pp_error error = {0};
        HANDLE handle;
        DWORD flags;

        also = NULL;
        handle = rows[i].make();
        pp_conn_options_init(&options);
        options.mode = rows[i].mode;
        options.direction = rows[i].direction;
        options.handlers = kit_counting();
        options.user = &counts;
        if (pp_conn_adopt(port, handle, &options, &conn, &error) != rows[i].status ||
            !strstr(error.message, rows[i].says))
            fail_msg("%s: %s (%s)", rows[i].what, pp_status_name(error.status), error.message);
        assert_null(conn);
        assert_false(handle != INVALID_HANDLE_VALUE && GetHandleInformation(handle, &flags));
        if (also)
            CloseHandle(also);
    }
    kit_close(&port); /* no callback can come any more */
    assert_int_equal(counts.opened, 0);
    assert_int_equal(counts.closed, 0);
}

/* ---- What is adopted ------------------------------------------------------------------------ */

static pp_conn *adopt(pp_port *port, HANDLE handle, pp_mode mode, pp_direction direction,
                      kit_counts *counts)
{
    pp_conn_options options;
    pp_conn *conn;
    pp_error error;

    pp_conn_options_init(&options);
    options.mode = mode;
    options.direction = direction;
    options.handlers = direction == PP_DIRECTION_INBOUND ? kit_counting() : kit_echo();
    options.user = counts;
    if (pp_conn_adopt(port, handle, &options, &conn, &error) != PP_OK)
        fail_msg("%s", error.message);
    return conn;
}

TEST_CASE(a_pipe_that_may_only_be_read_is_adopted_to_receive)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    pp_conn *conn = adopt(port, make_read_only(), PP_MODE_STREAM, PP_DIRECTION_INBOUND, &counts);
    OVERLAPPED o = {0};

    assert_true(WriteFile(also, "for you", 7, NULL, &o) || GetLastError() == ERROR_IO_PENDING);
    wait_for(counts.bytes, 7);
    CloseHandle(also);
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    kit_close(&port);
}

TEST_CASE(a_pipe_that_would_not_wait_is_made_to)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    HANDLE serving = make_server(PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_NOWAIT),
           other = open_path(path, GENERIC_READ | GENERIC_WRITE, 0);
    static char data[60000];
    pp_conn *conn = adopt(port, serving, PP_MODE_STREAM, PP_DIRECTION_DUPLEX, &counts);

    kit_fill(data, sizeof data, 1, 0);
    assert_ok(pp_conn_send(conn, data, sizeof data)); /* more than the pipe takes at once */
    kit_expect(other, data, sizeof data);
    kit_write(other, "and back", 8);
    kit_expect(other, "and back", 8);
    CloseHandle(other);
    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    kit_close(&port);
}

/* A read that is too small for a message is none that ends at once: in stream and framed mode no
 * read may be able to be too small. */
TEST_CASE(a_pipe_of_messages_is_read_as_the_mode_says)
{
    static char data[50000];
    pp_port *port = kit_port(1);

    for (pp_mode mode = PP_MODE_STREAM; mode <= PP_MODE_FRAMED; mode++) {
        kit_counts counts = {0};
        DWORD before = mode == PP_MODE_MESSAGE ? PIPE_READMODE_BYTE : PIPE_READMODE_MESSAGE, now;
        HANDLE serving = make_server(PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | before),
               other = open_path(path, GENERIC_READ | GENERIC_WRITE, 0);
        uint32_t header = sizeof data - 4; /* of the one frame that the data then is */
        pp_conn *conn = adopt(port, serving, mode, PP_DIRECTION_DUPLEX, &counts);

        assert_true(GetNamedPipeHandleStateW(serving, &now, NULL, NULL, NULL, NULL, 0));
        assert_int_equal(now, mode == PP_MODE_MESSAGE ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE);
        kit_fill(data, sizeof data, (uint32_t)mode, 0);
        memcpy(data, &header, sizeof header);
        kit_write(other, data, sizeof data);
        kit_expect(other, data, sizeof data);
        if (mode != PP_MODE_STREAM)
            assert_int_equal(counts.messages, 1);
        CloseHandle(other);
        wait_for(counts.closed, 1);
        pp_conn_unref(&conn);
    }
    kit_close(&port);
}

TEST_CASE(a_pipe_that_nobody_has_opened_ends_at_once)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    pp_conn *conn = adopt(port, make_server(PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE), PP_MODE_STREAM,
                          PP_DIRECTION_DUPLEX, &counts);

    wait_for(counts.closed, 1);
    assert_status(counts.reason, PP_E_PEER_CLOSED);
    pp_conn_unref(&conn);
    kit_close(&port);
}

static const struct CMUnitTest tests[] = {
    TEST(a_handle_whose_modes_are_set_is_adopted),
    TEST(what_cannot_be_a_connection_is_refused_and_closed),
    TEST(a_pipe_that_may_only_be_read_is_adopted_to_receive),
    TEST(a_pipe_that_would_not_wait_is_made_to),
    TEST(a_pipe_of_messages_is_read_as_the_mode_says),
    TEST(a_pipe_that_nobody_has_opened_ends_at_once),
};

HARNESS_MAIN(tests)
