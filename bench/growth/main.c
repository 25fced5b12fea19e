/*
 * Watches growth: figures that do not depend on the machine, each with its recorded bound: kernel
 * calls and allocations for a message, memory for a connection. An echo server and its clients,
 * each on a port with one worker, share this process and one processor, so that the same batches
 * come about everywhere.
 *
 * A machine that stalls disturbs them: callbacks seem slow, so the library takes fewer packets at
 * once, and what waits meanwhile lets buffers grow. So each load is measured in up to 30 short
 * stretches, and its figures are the best of them: growth of the library is in all.
 *
 *     growth [FILE]     prints a table, writes JSON; status 1: a figure is over its bound
 */
#include <windows.h>

#include "pipeport.h"

#include <cJSON.h>
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>

#define GROWTH__WAITING 500
#define GROWTH__IDLE 1000 /* connections, to see what one takes */
#define GROWTH__MOST_BYTES (64u * 1024)
#define GROWTH__WAIT_MS 120000
#define GROWTH__STRETCHES 30

/* A load, and its bounds. The calls are the server's. Allocations are of both ends. */
typedef struct cell {
    const char *name;
    pp_mode mode;
    unsigned clients, depth;
    size_t size;
    LONG messages;
    double most_calls, most_allocations;
    bool by_lane;
} cell;

static const cell cells[] = {
    {"stream, 1 client, depth 1", PP_MODE_STREAM, 1, 1, 64, 500, 3.02, 0.002, false},
    {"stream, 32 clients, depth 1", PP_MODE_STREAM, 32, 1, 64, 2000, 2.10, 0.002, false},
    {"stream, 32 clients, depth 16", PP_MODE_STREAM, 32, 16, 64, 20000, 0.15, 0.0002, false},
    {"stream, 32 clients, 4 KiB", PP_MODE_STREAM, 32, 1, 4096, 2000, 2.10, 0.002, false},
    {"stream, 8 clients, 64 KiB, depth 4", PP_MODE_STREAM, 8, 4, 65536, 500, 2.1, 0.02, false},
    {"message, 1 client, depth 1", PP_MODE_MESSAGE, 1, 1, 64, 500, 4.02, 0.002, false},
    {"message, 32 clients, depth 1", PP_MODE_MESSAGE, 32, 1, 64, 2000, 2.20, 0.002, false},
    {"framed, 1 client, depth 64", PP_MODE_FRAMED, 1, 64, 64, 20000, 0.10, 0.0002, false},
    {"framed, 32 clients, depth 64", PP_MODE_FRAMED, 32, 64, 64, 60000, 0.10, 0.0002, false},
    {"lane, 1 client, depth 1", PP_MODE_FRAMED, 1, 1, 64, 20000, 0.02, 0.0002, true},
    {"lane, 32 clients, depth 64", PP_MODE_FRAMED, 32, 64, 64, 100000, 0.002, 0.0002, true},
};

#define GROWTH__MOST_CONNECTION_BYTES (2 * 3 * 1024.0) /* both ends of an idle one */
#define GROWTH__MOST_INSTANCE_BYTES (3 * 1024.0)       /* no more than its end of one */

/* A run of a cell. The replies are counted by the clients' one worker. */
typedef struct run {
    pp_port *server, *port;
    size_t size;
    pp_lane lane;
    volatile LONG opened, replies, goal;
    volatile bool over;
    char name[64];
    HANDLE reached; /* so many opened, or so many replies came */
    char data[GROWTH__MOST_BYTES];
} run;

typedef struct client {
    run *run;
    size_t bytes; /* of the reply so far, in stream mode */
} client;

static void growth__die(const char *what)
{
    fprintf(stderr, "growth: %s\n", what);
    exit(1);
}

/* ---- Both ends ------------------------------------------------------------------------------ */

static pp_status echo(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)user;
    return pp_conn_send(conn, data, length);
}

static void go_on(pp_conn *conn, void *user)
{
    (void)user;
    pp_conn_resume(conn);
}

static void count(run *r, volatile LONG *counter)
{
    if (++*counter == r->goal)
        SetEvent(r->reached);
}

static void client_open(pp_conn *conn, void *user)
{
    client *c = user;

    (void)conn;
    count(c->run, &c->run->opened);
}

/* Each whole reply is followed by another message. */
static pp_status client_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    client *c = user;
    run *r = c->run;

    (void)data;
    for (c->bytes += length; c->bytes >= r->size; c->bytes -= r->size) {
        if (!r->over && pp_conn_send(conn, r->data, r->size) != PP_OK)
            return PP_E_PROTOCOL;
        count(r, &r->replies);
    }
    return PP_OK;
}

/* ---- A run ---------------------------------------------------------------------------------- */

static void growth__wait(run *r, LONG goal, volatile LONG *counter)
{
    InterlockedExchange(&r->goal, goal);
    ResetEvent(r->reached); /* the former goal may have set it again */
    if (*counter < goal && WaitForSingleObject(r->reached, GROWTH__WAIT_MS) != WAIT_OBJECT_0)
        growth__die("the clients do not get on");
}

static pp_port *growth__port(void)
{
    pp_port_options options;
    pp_port *port;

    pp_port_options_init(&options);
    options.workers = 1;
    if (pp_port_open(&port, &options, NULL) != PP_OK)
        growth__die("a port cannot be opened");
    return port;
}

/* Opens the ports, and a pipe of which so many instances wait. */
static void growth__listen(run *r, pp_mode mode, unsigned waiting)
{
    pp_listen_options listen;
    static unsigned number;

    snprintf(r->name, sizeof r->name, "growth-%lu-%u", (unsigned long)GetCurrentProcessId(),
             ++number);
    pp_listen_options_init(&listen);
    listen.name = r->name;
    listen.accept_ready = waiting;
    if (listen.accept_depth < waiting)
        listen.accept_depth = waiting;
    listen.conn.mode = mode;
    listen.conn.handlers = (pp_handlers){.on_message = echo, .on_writable = go_on};
    if (pp_listen(r->server, &listen, NULL, NULL) != PP_OK)
        growth__die("the pipe cannot be made");
}

/* Opens so many clients; the connections go to `conns`. */
static void growth__dial(run *r, pp_mode mode, unsigned clients, client *all, pp_conn **conns)
{
    pp_dial_options dial;

    pp_dial_options_init(&dial);
    dial.name = r->name;
    dial.timeout_ms = GROWTH__WAIT_MS;
    dial.conn.mode = mode;
    dial.conn.lane = r->lane;
    dial.conn.handlers = (pp_handlers){.on_open = client_open, .on_message = client_message};
    for (unsigned i = 0; i < clients; i++) {
        all[i] = (client){r, 0};
        dial.conn.user = &all[i];
        if (pp_dial(r->port, &dial, &conns[i], NULL) != PP_OK)
            growth__die("a client cannot dial");
    }
    growth__wait(r, (LONG)clients, &r->opened);
}

static void growth__close(run *r, unsigned clients, client *all, pp_conn **conns)
{
    pp_port_abort(r->port);
    pp_port_close(&r->port);
    pp_port_close(&r->server);
    for (unsigned i = 0; i < clients; i++)
        pp_conn_unref(&conns[i]);
    free(all);
    free(conns);
    CloseHandle(r->reached);
    free(r);
}

static run *growth__new(size_t size, unsigned clients, client **all, pp_conn ***conns)
{
    run *r = calloc(1, sizeof *r);

    *all = calloc(clients, sizeof **all);
    *conns = calloc(clients, sizeof **conns);
    if (!r || !*all || !*conns)
        growth__die("no memory");
    r->size = size;
    r->lane = PP_LANE_OFF;
    r->server = growth__port();
    r->port = growth__port();
    r->reached = CreateEventW(NULL, TRUE, FALSE, NULL);
    return r;
}

/* ---- Figures -------------------------------------------------------------------------------- */

static bool growth__report(cJSON *figures, const char *name, const char *what, double value,
                           double most)
{
    cJSON *figure = cJSON_CreateObject();
    bool good = value <= most;

    cJSON_AddStringToObject(figure, "load", name);
    cJSON_AddStringToObject(figure, "figure", what);
    cJSON_AddNumberToObject(figure, "value", value);
    cJSON_AddNumberToObject(figure, "bound", most);
    cJSON_AddItemToArray(figures, figure);
    printf("%-36s %-28s %10.4f   at most %10.4f%s\n", name, what, value, most,
           good ? "" : "   OVER");
    return good;
}

typedef struct figures_of {
    double calls, allocations; /* a message */
} figures_of;

/* So many more messages. They count from now: where this thread comes late, the replies may have
 * passed any goal that follows the last one. */
static figures_of growth__stretch(run *r, LONG messages)
{
    pp_stats before, after;
    double count;
    figures_of f;

    pp_port_stats(r->server, &before);
    growth__wait(r, r->replies + messages, &r->replies);
    pp_port_stats(r->server, &after);
    count = (double)(after.bytes_in - before.bytes_in) / (double)r->size;
    f.calls = (double)(after.kernel_reads - before.kernel_reads + after.kernel_writes -
                       before.kernel_writes + after.kernel_dequeues - before.kernel_dequeues +
                       after.kernel_other - before.kernel_other) /
              count;
    f.allocations = (double)(after.allocations - before.allocations) / count;
    return f;
}

/* The best of the stretches; the first that is good ends them. */
static figures_of growth__best(run *r, const cell *of)
{
    figures_of best = growth__stretch(r, of->messages), f;

    for (int i = 1; i < GROWTH__STRETCHES &&
                    (best.calls > of->most_calls || best.allocations > of->most_allocations);
         i++) {
        f = growth__stretch(r, of->messages);
        best.calls = f.calls < best.calls ? f.calls : best.calls;
        best.allocations = f.allocations < best.allocations ? f.allocations : best.allocations;
    }
    return best;
}

static bool growth__measure(const cell *of, cJSON *figures)
{
    client *all;
    pp_conn **conns;
    run *r = growth__new(of->size, of->clients, &all, &conns);
    figures_of best;
    bool good;

    r->lane = of->by_lane ? PP_LANE_AUTO : PP_LANE_OFF;
    growth__listen(r, of->mode, 1);
    growth__dial(r, of->mode, of->clients, all, conns);
    for (unsigned i = 0; i < of->clients; i++)
        for (unsigned k = 0; k < of->depth; k++)
            if (pp_conn_send(conns[i], r->data, of->size) != PP_OK)
                growth__die("a first message was refused");
    growth__wait(r, of->messages, &r->replies);
    best = growth__best(r, of);
    r->over = true;
    good = growth__report(figures, of->name, "kernel calls a message", best.calls, of->most_calls);
    good &= growth__report(figures, of->name, "allocations a message", best.allocations,
                           of->most_allocations);
    growth__close(r, of->clients, all, conns);
    return good;
}

static double growth__resident(void)
{
    PROCESS_MEMORY_COUNTERS counters;

    if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters))
        growth__die("the process's memory cannot be told");
    return (double)counters.WorkingSetSize;
}

/* What a connection that is idle takes, and an instance that waits, beside what a first one needs.
 * The ports, whose threads have stacks, are there before. */
static bool growth__measure_memory(cJSON *figures)
{
    client *first, *all;
    pp_conn **first_conns, **conns;
    run *warm = growth__new(1, GROWTH__IDLE, &first, &first_conns);
    run *r = growth__new(1, GROWTH__IDLE, &all, &conns);
    double before, waiting, connected;
    bool good;

    growth__listen(warm, PP_MODE_STREAM, GROWTH__WAITING);
    growth__dial(warm, PP_MODE_STREAM, GROWTH__IDLE, first, first_conns);
    before = growth__resident();
    growth__listen(r, PP_MODE_STREAM, GROWTH__WAITING);
    waiting = growth__resident();
    growth__dial(r, PP_MODE_STREAM, GROWTH__IDLE, all, conns);
    connected = growth__resident();
    growth__close(r, GROWTH__IDLE, all, conns);
    growth__close(warm, GROWTH__IDLE, first, first_conns);
    /* Each that came took an instance, and another waits in its place. */
    good = growth__report(figures, "idle, 1000 clients", "bytes for both ends",
                          (connected - waiting) / GROWTH__IDLE, GROWTH__MOST_CONNECTION_BYTES);
    good &= growth__report(figures, "500 instances wait", "bytes for each",
                           (waiting - before) / GROWTH__WAITING, GROWTH__MOST_INSTANCE_BYTES);
    return good;
}

static void growth__write(const cJSON *figures, const char *path)
{
    char *text = cJSON_Print(figures);
    FILE *file = fopen(path, "w");

    if (!text || !file || fputs(text, file) < 0 || fclose(file) != 0)
        growth__die("the JSON cannot be written");
    cJSON_free(text);
}

int main(int argc, char **argv)
{
    DWORD_PTR ours, all;
    cJSON *figures = cJSON_CreateArray();
    bool good = true;

    if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &all) ||
        !SetProcessAffinityMask(GetCurrentProcess(), ours & (~ours + 1)))
        growth__die("the process cannot keep to one processor");
    good = growth__measure_memory(figures);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        good &= growth__measure(&cells[i], figures);
    if (argc > 1)
        growth__write(figures, argv[1]);
    cJSON_Delete(figures);
    return good ? 0 : 1;
}
