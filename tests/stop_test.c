/*
 * What events of the console do to the server. That Windows raises them is not tested: Wine raises
 * none but Ctrl-C, for which see tests/e2e.
 */
#include "kit.h"

#include "server/stop.h"

static DWORD WINAPI close_console(void *argument)
{
    (void)argument;
    stop_hear(CTRL_CLOSE_EVENT);
    return 0;
}

/* A client that does not read holds a graceful stop up for much longer than Windows waits. */
TEST_CASE(a_console_that_closes_ends_the_server_in_time)
{
    static char data[150000];
    rig *r = rig_open(2, PP_MODE_STREAM);
    ULONGLONG began, took;
    HANDLE pipe, thread;

    r->listen.conn.drain_timeout_ms = 60000;
    rig_listen(r);
    assert_int_equal(stop_begin(r->port), ERROR_SUCCESS);
    pipe = rig_client(r);
    kit_write(pipe, data, sizeof data);
    wait_for(r->counts.bytes, sizeof data);
    began = GetTickCount64();
    thread = CreateThread(NULL, 0, close_console, NULL, 0, NULL);
    assert_ok(pp_port_wait(r->port));
    took = GetTickCount64() - began;
    assert_true(took > 2000 && took < 4800);
    assert_status(r->counts.reason, PP_E_ABORTED);
    stop_end();
    rig_close(r);
    CloseHandle(pipe);
    CloseHandle(thread); /* which goes with the process */
}

static const struct CMUnitTest tests[] = {
    TEST(a_console_that_closes_ends_the_server_in_time),
};

HARNESS_MAIN(tests)
