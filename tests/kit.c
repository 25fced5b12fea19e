#include "kit.h"

#include "pipe/framing.h"

#include <stdlib.h>

/* ---- Names, counts, waiting ----------------------------------------------------------------- */

const char *kit_name(void)
{
    static char names[64][48];
    static volatile LONG next;
    LONG n = InterlockedIncrement(&next);
    char *name = names[n % 64];

    snprintf(name, sizeof names[0], "pp-test-%lu-%ld", (unsigned long)GetCurrentProcessId(), n);
    return name;
}

static SRWLOCK kit__lock = SRWLOCK_INIT;
static CONDITION_VARIABLE kit__changed = CONDITION_VARIABLE_INIT;

void kit_add(volatile LONG *count, LONG amount)
{
    AcquireSRWLockExclusive(&kit__lock);
    *count += amount;
    ReleaseSRWLockExclusive(&kit__lock);
    WakeAllConditionVariable(&kit__changed);
}

bool kit_wait_ms(volatile LONG *count, LONG least, DWORD ms)
{
    ULONGLONG end = GetTickCount64() + ms, now;
    bool reached;

    AcquireSRWLockExclusive(&kit__lock);
    while (*count < least && (now = GetTickCount64()) < end)
        SleepConditionVariableSRW(&kit__changed, &kit__lock, (DWORD)(end - now), 0);
    reached = *count >= least;
    if (!reached && ms == KIT_WAIT_MS)
        print_error("waited for %ld, but it is %ld\n", least, *count);
    ReleaseSRWLockExclusive(&kit__lock);
    return reached;
}

bool kit_wait(volatile LONG *count, LONG least)
{
    return kit_wait_ms(count, least, KIT_WAIT_MS);
}

/* ---- Ports ---------------------------------------------------------------------------------- */

static void kit__log(void *user, pp_log_level level, const char *line)
{
    (void)user;
    printf("log %d: %s\n", (int)level, line);
}

pp_port *kit_port_limited(unsigned workers, uint64_t max_buffered)
{
    pp_port_options options;
    pp_port *port;

    pp_port_options_init(&options);
    options.workers = workers;
    options.log = kit__log;
    if (max_buffered)
        options.max_buffered = max_buffered;
    assert_ok(pp_port_open(&port, &options, NULL));
    return port;
}

void kit_count_call(void *user, pp_status status)
{
    kit_calls *c = user;

    kit_add(status == PP_OK ? &c->ok : &c->cancelled, 1);
}

pp_port *kit_port(unsigned workers)
{
    return kit_port_limited(workers, 0);
}

pp_stats kit_stats(pp_port *port)
{
    pp_stats stats;

    assert_ok(pp_port_stats(port, &stats));
    return stats;
}

void kit_close(pp_port **port)
{
    pp_stats stats;

    assert_ok(pp_port_stop(*port));
    assert_ok(pp_port_wait(*port));
    stats = kit_stats(*port);
    assert_int_equal(stats.operations_pending, 0);
    assert_int_equal(stats.handles_open, 0);
    assert_int_equal(stats.connections_now, 0);
    assert_int_equal(stats.bytes_buffered, 0);
    assert_int_equal(stats.lanes_now, 0);
    if (stats.lanes_total > 0)
        print_message("%llu lanes, %llu bells\n", (unsigned long long)stats.lanes_total,
                      (unsigned long long)stats.lane_bells);
    assert_ok(pp_port_close(port));
    assert_null(*port);
}

/* ---- Services ------------------------------------------------------------------------------- */

static void kit__open(pp_conn *conn, void *user)
{
    (void)conn;
    kit_add(&((kit_counts *)user)->opened, 1);
}

static pp_status kit__count(pp_conn *conn, void *user, const void *data, size_t length)
{
    kit_counts *counts = user;

    (void)conn, (void)data;
    InterlockedExchangeAdd(&counts->bytes, (LONG)length);
    kit_add(&counts->messages, 1);
    return PP_OK;
}

static pp_status kit__send_back(pp_conn *conn, void *user, const void *data, size_t length)
{
    pp_status status = pp_conn_send(conn, data, length);

    if (status == PP_OK)
        kit__count(conn, user, data, length);
    return status;
}

static void kit__resume(pp_conn *conn, void *user)
{
    kit_add(&((kit_counts *)user)->writable, 1);
    pp_conn_resume(conn);
}

static void kit__close(pp_conn *conn, void *user, pp_status reason)
{
    kit_counts *counts = user;

    (void)conn;
    counts->reason = (LONG)reason;
    InterlockedIncrement(&counts->reasons[reason]);
    kit_add(&counts->closed, 1);
}

pp_handlers kit_counting(void)
{
    pp_handlers handlers = {0};

    handlers.on_open = kit__open;
    handlers.on_message = kit__count;
    handlers.on_writable = kit__resume;
    handlers.on_close = kit__close;
    return handlers;
}

pp_handlers kit_echo(void)
{
    pp_handlers handlers = kit_counting();

    handlers.on_message = kit__send_back;
    return handlers;
}

/* In a test that runs "by a lane": connections take one with their first message, and many have
 * room in the port's limit. */
static void kit__hasten_lane(pp_conn_options *conn)
{
    if (!getenv("KIT_LANE"))
        return;
    conn->lane_busy = 1;
    conn->lane_ring = 4096;
}

pp_listen_options kit_listen_options(const char *name, pp_mode mode, kit_counts *counts)
{
    pp_listen_options options;

    pp_listen_options_init(&options);
    options.name = name;
    options.conn.mode = mode;
    options.conn.handlers = kit_echo();
    options.conn.user = counts;
    kit__hasten_lane(&options.conn);
    return options;
}

pp_listener *kit_listen(pp_port *port, const pp_listen_options *options)
{
    pp_listener *listener;
    pp_error error;
    pp_status status = pp_listen(port, options, &listener, &error);

    if (status != PP_OK)
        print_error("%s\n", error.message);
    assert_int_equal(status, PP_OK);
    return listener;
}

pp_dial_options kit_dial_options(const char *name, pp_mode mode, pp_handlers handlers, void *user)
{
    pp_dial_options options;

    pp_dial_options_init(&options);
    options.name = name;
    options.conn.mode = mode;
    options.conn.handlers = handlers;
    options.conn.user = user;
    options.timeout_ms = KIT_WAIT_MS;
    kit__hasten_lane(&options.conn);
    return options;
}

/* ---- The plain client ----------------------------------------------------------------------- */

pp_client_options kit_client_options(const char *name, pp_mode mode)
{
    pp_client_options options;

    pp_client_options_init(&options);
    options.name = name;
    options.mode = mode;
    options.timeout_ms = KIT_WAIT_MS;
    return options;
}

pp_client *kit_open_client(const pp_client_options *options)
{
    pp_client *client;
    pp_error error;

    if (pp_client_open(&client, options, &error) != PP_OK)
        fail_msg("%s", error.message);
    return client;
}

HANDLE kit_open(const char *name, bool message_mode)
{
    wchar_t path[128];
    DWORD mode = PIPE_READMODE_MESSAGE;
    HANDLE pipe;

    swprintf(path, sizeof path / sizeof *path, L"\\\\.\\pipe\\%hs", name);
    for (;;) {
        pipe = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE)
            break;
        assert_int_equal(GetLastError(), ERROR_PIPE_BUSY);
        assert_true(WaitNamedPipeW(path, KIT_WAIT_MS));
    }
    if (message_mode)
        assert_true(SetNamedPipeHandleState(pipe, &mode, NULL, NULL));
    return pipe;
}

void kit_write(HANDLE pipe, const void *data, size_t length)
{
    DWORD written;

    assert_true(WriteFile(pipe, data, (DWORD)length, &written, NULL));
    assert_int_equal(written, length);
}

void kit_expect(HANDLE pipe, const void *data, size_t length)
{
    char *got = malloc(length + 1);
    size_t have = 0;
    DWORD read;

    while (have < length) {
        BOOL ok = ReadFile(pipe, got + have, (DWORD)(length - have), &read, NULL);

        assert_true(ok || GetLastError() == ERROR_MORE_DATA);
        have += read;
    }
    assert_memory_equal(got, data, length);
    free(got);
}

size_t kit_drain(HANDLE pipe)
{
    static char buffer[65536];
    size_t all = 0;
    DWORD read;

    while (ReadFile(pipe, buffer, sizeof buffer, &read, NULL) || GetLastError() == ERROR_MORE_DATA)
        all += read;
    assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
    return all;
}

/* ---- The rig -------------------------------------------------------------------------------- */

rig *rig_open(unsigned workers, pp_mode mode)
{
    static rig rigs[64];
    static volatile LONG next;
    rig *r = &rigs[InterlockedIncrement(&next) % 64];

    *r = (rig){.port = kit_port(workers), .name = kit_name()};
    r->listen = kit_listen_options(r->name, mode, &r->counts);
    return r;
}

void rig_listen(rig *r)
{
    r->listener = kit_listen(r->port, &r->listen);
}

HANDLE rig_client(rig *r)
{
    if (!r->listener)
        rig_listen(r);
    return kit_open(r->name, r->listen.conn.mode == PP_MODE_MESSAGE);
}

pp_dial_options rig_dial_options(const rig *r, pp_handlers handlers, void *user)
{
    return kit_dial_options(r->name, r->listen.conn.mode, handlers, user);
}

void rig_close(rig *r)
{
    kit_close(&r->port);
}

/* ---- Data ----------------------------------------------------------------------------------- */

size_t kit_put_frame(char *at, const void *data, size_t length)
{
    framing_write(at, (uint32_t)length);
    memcpy(at + FRAMING_HEADER, data, length);
    return FRAMING_HEADER + length;
}

uint32_t kit_draw(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 8) % below;
}

unsigned char kit_byte(uint32_t seed, uint64_t at)
{
    uint64_t x = (at + 1) * 0x9E3779B97F4A7C15u ^ (uint64_t)seed * 0xC2B2AE3D27D4EB4Fu;

    return (unsigned char)(x >> 56 ^ x >> 29);
}

void kit_fill(void *data, size_t length, uint32_t seed, uint64_t at)
{
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)data)[i] = kit_byte(seed, at + i);
}

bool kit_is_filled(const void *data, size_t length, uint32_t seed, uint64_t at)
{
    for (size_t i = 0; i < length; i++)
        if (((const unsigned char *)data)[i] != kit_byte(seed, at + i))
            return false;
    return true;
}
