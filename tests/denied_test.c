/*
 * Windows denies a listener its instances. This program's instance_create is linked instead of the
 * library's, since Wine lets everybody make them.
 */
#include "kit.h"

#include "pipe/instance.h"

static volatile LONG made, most_made; /* more are denied */
static volatile LONG first_denied, warnings, denials;

HANDLE instance_create(const instance_kind *kind, bool first)
{
    if ((first && first_denied) || InterlockedIncrement(&made) > most_made) {
        SetLastError(ERROR_ACCESS_DENIED);
        kit_add(&denials, 1);
        return INVALID_HANDLE_VALUE;
    }
    return CreateNamedPipeW(kind->path.wide, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                            PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES, 4096, 4096, 0, NULL);
}

static void count_warning(void *user, pp_log_level level, const char *line)
{
    (void)user;
    if (level == PP_LOG_WARN && strstr(line, "FILE_CREATE_PIPE_INSTANCE"))
        InterlockedIncrement(&warnings);
}

static int allow_none(void **state)
{
    (void)state;
    made = most_made = first_denied = warnings = denials = 0;
    return 0;
}

TEST_CASE(a_descriptor_that_shuts_out_its_own_server_is_an_error)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    pp_listener *listener;
    pp_error error;

    most_made = 1;
    options.accept_ready = 2;
    assert_status(pp_listen(port, &options, &listener, &error), PP_E_ACCESS);
    assert_null(listener);
    assert_non_null(strstr(error.message, "FILE_CREATE_PIPE_INSTANCE"));
    most_made = 100; /* and nothing is left of the first attempt */
    assert_ok(pp_listen(port, &options, &listener, &error));
    kit_close(&port);
    assert_ok(pp_listener_close(&listener));
}

TEST_CASE(a_name_that_windows_denies_is_not_called_taken)
{
    pp_port *port = kit_port(1);
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    pp_error error;

    first_denied = 1;
    assert_status(pp_listen(port, &options, NULL, &error), PP_E_ACCESS);
    assert_non_null(strstr(error.message, "not taken"));
    kit_close(&port);
}

/* Each denial is counted and the next comes later; the log has one line for each
 * series. */
TEST_CASE(what_is_denied_again_and_again_is_logged_once)
{
    pp_port_options port_options;
    pp_port *port;
    kit_counts counts = {0};
    pp_listen_options options = kit_listen_options(kit_name(), PP_MODE_STREAM, &counts);
    ULONGLONG began = GetTickCount64();
    HANDLE pipes[3];
    LONG before;

    pp_port_options_init(&port_options);
    port_options.workers = 1;
    port_options.log = count_warning;
    assert_ok(pp_port_open(&port, &port_options, NULL));
    most_made = 1;
    options.accept_ready = 1;
    kit_listen(port, &options);
    pipes[0] = kit_open(options.name, false);
    wait_for(counts.opened, 1);
    wait_for(denials, 3);
    assert_true(GetTickCount64() - began >= 100 + 200);
    assert_int_equal(warnings, 1);
    InterlockedExchange(&most_made, 1000);
    pipes[1] = kit_open(options.name, false); /* waits for the next attempt */
    wait_for(counts.opened, 2);
    before = denials;
    InterlockedExchange(&most_made, 0); /* another series begins */
    pipes[2] = kit_open(options.name, false);
    wait_for(denials, before + 2);
    assert_int_equal(warnings, 2);
    for (int i = 0; i < 3; i++)
        CloseHandle(pipes[i]);
    kit_close(&port);
}

/* One instance serves all in turn: who has left makes room for the next. */
TEST_CASE(an_instance_serves_again_while_more_are_denied)
{
    rig *r = rig_open(1, PP_MODE_STREAM);

    most_made = 1;
    r->listen.accept_ready = 1;
    for (LONG i = 1; i <= 20; i++) {
        HANDLE pipe = rig_client(r);

        kit_write(pipe, "a", 1);
        kit_expect(pipe, "a", 1);
        CloseHandle(pipe);
        wait_for(r->counts.closed, i);
    }
    rig_close(r);
}

/* We end the only client while no other instance can be made. Its own stays until one can. */
TEST_CASE(the_name_stays_while_windows_denies_instances)
{
    rig *r = rig_open(1, PP_MODE_STREAM);
    char path[128];
    HANDLE first, second;

    most_made = 1;
    r->listen.accept_ready = 1;
    r->listen.conn.first_byte_timeout_ms = 100;
    first = rig_client(r);
    wait_for(r->counts.closed, 1);
    wait_for(denials, denials + 2); /* the second comes in a turn after the end */
    snprintf(path, sizeof path, "\\\\.\\pipe\\%s", r->name);
    assert_ptr_equal(CreateFileA(path, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL),
                     INVALID_HANDLE_VALUE);
    assert_int_equal(GetLastError(), ERROR_PIPE_BUSY);
    InterlockedExchange(&most_made, 1000);
    second = kit_open(r->name, false);
    kit_write(second, "a", 1);
    kit_expect(second, "a", 1);
    assert_int_equal(kit_drain(first), 0);
    CloseHandle(first);
    CloseHandle(second);
    rig_close(r);
}

#define DENIED_TEST(function) cmocka_unit_test_setup(function, allow_none)

static const struct CMUnitTest tests[] = {
    DENIED_TEST(a_descriptor_that_shuts_out_its_own_server_is_an_error),
    DENIED_TEST(a_name_that_windows_denies_is_not_called_taken),
    DENIED_TEST(what_is_denied_again_and_again_is_logged_once),
    DENIED_TEST(an_instance_serves_again_while_more_are_denied),
    DENIED_TEST(the_name_stays_while_windows_denies_instances),
};

HARNESS_MAIN(tests)
