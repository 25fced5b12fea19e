/*
 * Every schedule of the end of a connection, and of the hand-over of an instance. Here the whole
 * library runs. A thread is preempted only at calls into the system: where the library meets
 * Windows and the other end. The small parts, whose locks and words are the points in between,
 * have scenarios of their own. One worker, since a connection has one turn at a time; with two,
 * which multiplies all schedules, fewer preemptions.
 */
#include "all.h"

#include "pipeport.h"

#include <string.h>

#define PIPED__PATH L"\\\\.\\pipe\\all"
#define PIPED__IDLE_MS 100

static struct {
    pp_port *port;
    pp_listener *listener;
    pp_conn *conn;
    HANDLE client;
    unsigned opened, closed, inside, visits;
    bool listener_closed, sent, got;
    pp_status reason;
} piped;

/* ---- A server -------------------------------------------------------------------------------- */

static void piped__begins(void)
{
    all_expect(piped.inside++ == 0, "callbacks of one connection overlap");
    all_expect(!piped.listener_closed, "a callback comes after the listener's last");
    sim_point();
}

static void piped__open(pp_conn *conn, void *user)
{
    (void)user;
    piped__begins();
    pp_conn_unref(&piped.conn);
    pp_conn_ref(conn);
    piped.conn = conn;
    all_expect(piped.opened++ == piped.closed, "a connection opens before the last has ended");
    piped.inside--;
}

static pp_status piped__message(pp_conn *conn, void *user, const void *data, size_t length)
{
    pp_status status;

    (void)user;
    piped__begins();
    all_expect(piped.opened > piped.closed, "a message comes when there is no connection");
    status = pp_conn_send(conn, data, length);
    piped.inside--;
    return status;
}

static void piped__close(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn, (void)user;
    piped__begins();
    all_expect(++piped.closed == piped.opened, "on_close comes twice, or before on_open");
    piped.reason = reason;
    piped.inside--;
}

static void piped__listener_close(void *user)
{
    (void)user;
    all_expect(!piped.listener_closed, "the listener's on_close comes twice");
    all_expect(piped.opened == piped.closed, "the listener ends before its connection");
    piped.listener_closed = true;
    all_calm();
}

static void piped__serve(unsigned workers, uint64_t idle_ms, uint64_t pipe_buffer)
{
    pp_port_options options;
    pp_listen_options listen;

    memset(&piped, 0, sizeof piped);
    pp_port_options_init(&options);
    options.workers = workers;
    all_expect(pp_port_open(&piped.port, &options, NULL) == PP_OK, "the port cannot open");
    pp_listen_options_init(&listen);
    listen.name = "all";
    listen.accept_ready = listen.accept_depth = listen.max_clients = 1;
    listen.pipe_buffer = pipe_buffer;
    listen.on_close = piped__listener_close;
    listen.conn.mode = PP_MODE_MESSAGE;
    listen.conn.idle_timeout_ms = idle_ms;
    listen.conn.handlers = (pp_handlers){
        .on_open = piped__open, .on_message = piped__message, .on_close = piped__close};
    all_expect(pp_listen(piped.port, &listen, &piped.listener, NULL) == PP_OK, "nobody listens");
    sim_sleep(1);
}

static DWORD piped__stop(void *argument)
{
    (void)argument;
    pp_port_stop(piped.port);
    return 0;
}

static void piped__end(void)
{
    pp_stats stats;

    pp_port_stop(piped.port);
    pp_port_wait(piped.port);
    all_expect(piped.listener_closed, "the listener's on_close never comes");
    pp_conn_unref(&piped.conn);
    pp_listener_close(&piped.listener);
    pp_port_stats(piped.port, &stats);
    all_expect(stats.handles_open == 0, "a handle of the port is left");
    pp_port_close(&piped.port);
    sim_sleep(1);
}

/* ---- The end of a connection ----------------------------------------------------------------- */

static DWORD ending__open_client(void *argument)
{
    (void)argument;
    piped.client =
        CreateFileW(PIPED__PATH, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    return 0;
}

/* It gets what was sent, or learns of the end; then it leaves. */
static DWORD ending__client(void *argument)
{
    char text[8];
    DWORD bytes;

    (void)argument;
    piped.got = ReadFile(piped.client, text, sizeof text, &bytes, NULL);
    all_expect(!piped.got || (bytes == 3 && memcmp(text, "bye", 3) == 0), "what came is not sent");
    CloseHandle(piped.client);
    return 0;
}

static DWORD ending__close(void *argument)
{
    (void)argument;
    piped.sent = pp_conn_send(piped.conn, "bye", 3) == PP_OK;
    pp_conn_close(piped.conn);
    return 0;
}

static DWORD ending__abort(void *argument)
{
    (void)argument;
    pp_conn_abort(piped.conn);
    return 0;
}

/* The time-out comes, and then the stop. */
static DWORD ending__late(void *argument)
{
    sim_tick(PIPED__IDLE_MS * 2);
    return piped__stop(argument);
}

static void ending__run(unsigned workers, const all_event *events, unsigned count)
{
    HANDLE thread;

    piped__serve(workers, PIPED__IDLE_MS, 0); /* what is not read yet waits */
    thread = sim_spawn(&sim_client, ending__open_client, NULL);
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
    sim_sleep(1);
    all_expect(piped.opened == 1, "there is no connection");
    all_at_once(events, count);
    piped__end();
    all_expect(piped.closed == 1, "on_close never comes");
    all_expect(piped.reason == PP_OK || piped.reason == PP_E_ABORTED ||
                   piped.reason == PP_E_PEER_CLOSED || piped.reason == PP_E_IDLE_TIMEOUT,
               "a connection ends for a strange reason");
    all_expect(piped.reason != PP_OK || piped.got || !piped.sent, "what was sent is lost");
}

static const all_event ending__events[] = {
    {ending__client, NULL, &sim_client}, {ending__close, NULL, NULL}, {ending__late, NULL, NULL}};

static void ending__world(void *context)
{
    (void)context;
    ending__run(1, ending__events, 3);
}

static void ending__two_world(void *context)
{
    (void)context;
    ending__run(2, ending__events, 3);
}

static void ending__abort_world(void *context)
{
    static const all_event events[] = {{ending__client, NULL, &sim_client},
                                       {ending__close, NULL, NULL},
                                       {ending__abort, NULL, NULL},
                                       {piped__stop, NULL, NULL}};

    (void)context;
    ending__run(1, events, 4);
}

/* ---- The hand-over of an instance ------------------------------------------------------------ */

/* Comes more than once: to an instance that was used before. */
static DWORD handing__client(void *argument)
{
    char text[8];
    DWORD bytes;

    for (unsigned i = 0; i < *(const unsigned *)argument; i++) {
        HANDLE pipe =
            CreateFileW(PIPED__PATH, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

        if (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY &&
            WaitNamedPipeW(PIPED__PATH, 1000)) {
            i--;
            continue;
        }
        if (pipe == INVALID_HANDLE_VALUE)
            break;
        if (WriteFile(pipe, "hi", 2, &bytes, NULL) &&
            ReadFile(pipe, text, sizeof text, &bytes, NULL)) {
            all_expect(bytes == 2 && memcmp(text, "hi", 2) == 0, "the answer is another");
            piped.visits++;
        }
        CloseHandle(pipe);
    }
    return 0;
}

static DWORD handing__close(void *argument)
{
    (void)argument;
    pp_listener_close(&piped.listener);
    return 0;
}

static void handing__run(unsigned workers, const all_event *events, unsigned count)
{
    piped__serve(workers, 0, 1000);
    all_at_once(events, count);
    piped__end();
    all_expect(piped.visits <= piped.opened, "somebody else has answered");
}

static unsigned handing__once = 1, handing__twice = 2;

static void handing__world(void *context)
{
    static const all_event events[] = {{handing__client, &handing__twice, &sim_client},
                                       {handing__close, NULL, NULL}};

    (void)context;
    handing__run(1, events, 2);
}

static void handing__two_world(void *context)
{
    static const all_event events[] = {{handing__client, &handing__once, &sim_client},
                                       {handing__close, NULL, NULL}};

    (void)context;
    handing__run(2, events, 2);
}

static void handing__stop_world(void *context)
{
    static const all_event events[] = {{handing__client, &handing__twice, &sim_client},
                                       {handing__close, NULL, NULL},
                                       {piped__stop, NULL, NULL}};

    (void)context;
    handing__run(1, events, 3);
}

static const all_scenario pipes__rows[] = {
    {"ending", "on_close comes once and last with a right reason; if it is ok, what was sent came",
     ending__world, 3, 4, 1, true},
    {"aborting", "the same against an abort", ending__abort_world, 3, 4, 0, true},
    {"ending-2", "the same with two workers", ending__two_world, 1, 2, 0, true},
    {"hand-over", "who comes is served or turned away, and the listener ends last", handing__world,
     3, 4, 1, true},
    {"stopping", "the same against a stop", handing__stop_world, 3, 3, 0, true},
    {"handing-2", "the same with two workers", handing__two_world, 1, 1, 0, true},
};
const all_table all_pipes = {pipes__rows, sizeof pipes__rows / sizeof *pipes__rows};
