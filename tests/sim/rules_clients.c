/*
 * Rules of unusual clients on one machine: those that transact, poll, read in pieces, have one
 * right or none; and our own blocking client.
 */
#include "rules.h"

#include <string.h>

#define CLIENTS__LONGEST 300
#define CLIENTS__MESSAGES 20u

static void clients__serve(rule_server *s, pp_mode mode)
{
    pp_listen_options listen;

    rule_open(s);
    rule_prepare(s, &listen);
    listen.conn.mode = mode;
    listen.pipe_buffer = sim_draw(3) * 150;
    rule_expect("pp_listen", rule_listen(s, &listen), PP_OK);
}

/* ---- Plain ones ------------------------------------------------------------------------------ */

typedef struct clients__plain {
    HANDLE pipe;
    DWORD size; /* of the next message */
    char data[CLIENTS__LONGEST], answer[CLIENTS__LONGEST];
} clients__plain;

static void clients__open(clients__plain *c, DWORD mode)
{
    c->pipe = CreateFileW(RULE_PIPE, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (c->pipe == INVALID_HANDLE_VALUE || !SetNamedPipeHandleState(c->pipe, &mode, NULL, NULL))
        sim_fail("a plain client: error %u", GetLastError());
}

static void clients__next(clients__plain *c)
{
    c->size = 2 + sim_draw(CLIENTS__LONGEST - 1);
    for (DWORD i = 0; i < c->size; i++)
        c->data[i] = (char)sim_draw(256);
}

static void clients__check(const clients__plain *c, DWORD bytes)
{
    rule_expect("bytes of the answer", bytes, c->size);
    rule_expect("the answer", memcmp(c->answer, c->data, bytes) != 0, 0);
}

/* Reads what is left of a message. */
static DWORD clients__read_rest(clients__plain *c, DWORD have, DWORD step)
{
    DWORD bytes = 0;
    BOOL whole;

    do {
        DWORD room = CLIENTS__LONGEST - have;

        whole = ReadFile(c->pipe, c->answer + have, step < room ? step : room, &bytes, NULL);
        if (!whole && GetLastError() != ERROR_MORE_DATA)
            sim_fail("a rest of a message: error %u", GetLastError());
        have += bytes;
    } while (!whole);
    return have;
}

static DWORD clients__transact(void *argument)
{
    clients__plain c;

    (void)argument;
    clients__open(&c, PIPE_READMODE_MESSAGE);
    for (unsigned i = 0; i < CLIENTS__MESSAGES; i++) {
        DWORD bytes = 0, room = 1 + sim_draw(CLIENTS__LONGEST);

        clients__next(&c);
        if (!TransactNamedPipe(c.pipe, c.data, c.size, c.answer, room, &bytes, NULL)) {
            rule_expect("a transaction", GetLastError(), ERROR_MORE_DATA);
            bytes = clients__read_rest(&c, bytes, 1 + sim_draw(50));
        }
        clients__check(&c, bytes);
    }
    CloseHandle(c.pipe);
    return 0;
}

/* A write that has no room writes nothing, and a read that finds nothing fails. */
static DWORD clients__poll(void *argument)
{
    clients__plain c;

    (void)argument;
    clients__open(&c, PIPE_READMODE_MESSAGE | PIPE_NOWAIT);
    for (unsigned i = 0; i < CLIENTS__MESSAGES; i++) {
        DWORD bytes = 0;

        clients__next(&c);
        while (WriteFile(c.pipe, c.data, c.size, &bytes, NULL) && bytes == 0)
            sim_sleep(1);
        rule_expect("bytes that were written", bytes, c.size);
        while (!ReadFile(c.pipe, c.answer, sizeof c.answer, &bytes, NULL)) {
            rule_expect("a read", GetLastError(), ERROR_NO_DATA);
            sim_sleep(1);
        }
        clients__check(&c, bytes);
    }
    CloseHandle(c.pipe);
    return 0;
}

/* Looks first, and reads byte by byte. */
static DWORD clients__in_pieces(void *argument)
{
    clients__plain c;

    (void)argument;
    clients__open(&c, PIPE_READMODE_MESSAGE);
    for (unsigned i = 0; i < CLIENTS__MESSAGES; i++) {
        DWORD bytes = 0, left = 0;

        clients__next(&c);
        if (!WriteFile(c.pipe, c.data, c.size, &bytes, NULL))
            sim_fail("a write: error %u", GetLastError());
        while (PeekNamedPipe(c.pipe, NULL, 0, NULL, NULL, &left) && left == 0)
            sim_sleep(1);
        rule_expect("what is left of the message", left, c.size);
        clients__check(&c, clients__read_rest(&c, 0, 1 + sim_draw(4)));
    }
    CloseHandle(c.pipe);
    return 0;
}

static void clients__plain_rule(LPTHREAD_START_ROUTINE client)
{
    rule_server s;

    clients__serve(&s, PP_MODE_MESSAGE);
    rule_in(&sim_client, client, NULL);
    rule_close(&s);
    rule_expect("answers", s.answered, CLIENTS__MESSAGES);
}

static void clients__transacting(void)
{
    clients__plain_rule(clients__transact);
}

static void clients__polling(void)
{
    clients__plain_rule(clients__poll);
}

static void clients__reading_in_pieces(void)
{
    clients__plain_rule(clients__in_pieces);
}

/* Takes an instance each time, with one right or none, and leaves. */
static DWORD clients__knock(void *argument)
{
    static const DWORD rights[] = {0, FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_WRITE_DATA};

    (void)argument;
    for (unsigned i = 0; i < 20; i++) {
        HANDLE pipe = CreateFileW(RULE_PIPE, rights[sim_draw(4)], 0, NULL, OPEN_EXISTING, 0, NULL);

        if (pipe == INVALID_HANDLE_VALUE) {
            rule_expect("the open", GetLastError(), ERROR_PIPE_BUSY);
            sim_sleep(1);
            continue;
        }
        sim_sleep(sim_draw(3));
        CloseHandle(pipe);
    }
    return 0;
}

static void clients__knocking(void)
{
    rule_server s;

    clients__serve(&s, sim_chance(2) ? PP_MODE_STREAM : PP_MODE_MESSAGE);
    rule_in(&sim_client, clients__knock, NULL);
    rule_expect("who comes later", rule_call(&sim_client, RULE_PIPE), ERROR_SUCCESS);
    rule_close(&s);
}

/* ---- Our blocking client ----------------------------------------------------------------------
 */

#define CLIENTS__LONG 10000u /* more than a first read takes */
#define CLIENTS__AT_ONCE 3u

static size_t clients__size(unsigned number)
{
    return 1 + number * 7919u % (number % 3 == 0 ? CLIENTS__LONG : CLIENTS__LONGEST);
}

/* The message of a number comes back. A time-out loses nothing. */
static void clients__receive(pp_client *client, pp_mode mode, unsigned number)
{
    static char answer[CLIENTS__LONG];
    size_t size = clients__size(number), have = 0, bytes;
    pp_status status;

    while (have < size) {
        status = pp_client_receive(client, answer + have,
                                   mode == PP_MODE_STREAM ? size - have : sizeof answer, &bytes,
                                   sim_draw(3) * 10);
        if (status != PP_E_TIMEOUT)
            rule_expect("pp_client_receive", status, PP_OK);
        if (status == PP_OK && mode != PP_MODE_STREAM)
            rule_expect("bytes of the answer", bytes, size);
        have += bytes;
    }
    for (size_t at = 0; at < size; at++)
        rule_expect("a byte of the answer", (unsigned char)answer[at], (number + at) & 0xFF);
}

static void clients__send(pp_client *client, unsigned number)
{
    static char data[CLIENTS__LONG];
    size_t size = clients__size(number);

    for (size_t at = 0; at < size; at++)
        data[at] = (char)(number + at);
    rule_expect("pp_client_send", pp_client_send(client, data, size, 60000), PP_OK);
}

static DWORD clients__block(void *argument)
{
    pp_client_options options;
    pp_client *client;
    char nothing;
    size_t bytes;

    pp_client_options_init(&options);
    options.name = "rule";
    options.mode = *(pp_mode *)argument;
    options.timeout_ms = 60000;
    options.server_process = sim_server.id;
    options.server_user = sim_server.user;
    rule_expect("pp_client_open", pp_client_open(&client, &options, NULL), PP_OK);
    rule_expect("nothing to receive", pp_client_receive(client, &nothing, 1, &bytes, 50),
                PP_E_TIMEOUT);
    for (unsigned i = 0; i < CLIENTS__MESSAGES; i += CLIENTS__AT_ONCE) {
        for (unsigned n = 0; n < CLIENTS__AT_ONCE; n++)
            clients__send(client, i + n);
        for (unsigned n = 0; n < CLIENTS__AT_ONCE; n++)
            clients__receive(client, options.mode, i + n);
    }
    pp_client_close(&client);
    return 0;
}

static void clients__blocking(void)
{
    pp_mode mode = (pp_mode)sim_draw(3);
    rule_server s;

    clients__serve(&s, mode);
    rule_in(&sim_client, clients__block, &mode);
    rule_close(&s);
}

static pp_client *clients__open_framed(void)
{
    pp_client_options options;
    pp_client *client;

    pp_client_options_init(&options);
    options.name = "rule";
    options.mode = PP_MODE_FRAMED;
    rule_expect("pp_client_open", pp_client_open(&client, &options, NULL), PP_OK);
    return client;
}

static DWORD clients__end(void *argument)
{
    pp_client *client = clients__open_framed();

    (void)argument;
    rule_expect("pp_client_end_sending", pp_client_end_sending(client, 1000), PP_OK);
    sim_sleep(1000);
    pp_client_close(&client);
    return 0;
}

static void clients__abort_at_end(pp_conn *conn, void *user)
{
    (void)user;
    rule_expect("pp_conn_abort", pp_conn_abort(conn), PP_OK);
}

static void clients__aborted(void)
{
    pp_listen_options listen;
    rule_server s;

    rule_open(&s);
    rule_prepare(&s, &listen);
    listen.conn.mode = PP_MODE_FRAMED;
    listen.conn.handlers.on_end = clients__abort_at_end;
    rule_expect("pp_listen", rule_listen(&s, &listen), PP_OK);
    rule_in(&sim_client, clients__end, NULL);
    rule_close(&s);
    rule_expect("the reason", s.reason, PP_E_ABORTED);
}

#define CLIENTS__IDLE_MS 1000

static pp_status clients__take_slowly(pp_conn *conn, void *user, const void *data, size_t length)
{
    (void)conn, (void)data, (void)length;
    sim_sleep(CLIENTS__IDLE_MS - 100);
    ((rule_server *)user)->answered++;
    return PP_OK;
}

/* Says something once the handler is done, and has waited for less than the time-out. */
static DWORD clients__speak(void *argument)
{
    rule_server *s = argument;
    pp_client *client = clients__open_framed();

    for (unsigned i = 1; i <= 3; i++) {
        rule_expect("pp_client_send", pp_client_send(client, "x", 1, 100), PP_OK);
        while (s->answered < i)
            sim_sleep(1);
        sim_sleep(CLIENTS__IDLE_MS - 200);
    }
    pp_client_close(&client);
    return 0;
}

static void clients__slow_handler(void)
{
    pp_listen_options listen;
    rule_server s;

    rule_open(&s);
    rule_prepare(&s, &listen);
    listen.conn.mode = PP_MODE_FRAMED;
    listen.conn.idle_timeout_ms = CLIENTS__IDLE_MS;
    listen.conn.handlers.on_message = clients__take_slowly;
    rule_expect("pp_listen", rule_listen(&s, &listen), PP_OK);
    rule_in(&sim_client, clients__speak, &s);
    rule_close(&s);
    rule_expect("the reason", s.reason, PP_E_PEER_CLOSED);
}

static void clients__impostor(void)
{
    pp_client_options options;
    pp_client *client;
    HANDLE theirs = rule_pose(&rule_stranger, RULE_PIPE);

    pp_client_options_init(&options);
    options.name = "rule";
    if (sim_chance(2))
        options.server_user = sim_server.user;
    else
        options.server_process = sim_server.id;
    rule_expect("pp_client_open", pp_client_open(&client, &options, NULL), PP_E_IMPOSTOR);
    CloseHandle(theirs);
}

static const rule clients__rows[] = {
    {"a client that transacts is answered", clients__transacting},
    {"a client that polls is answered", clients__polling},
    {"a client that looks and reads in pieces is answered", clients__reading_in_pieces},
    {"clients with one right or none keep nobody out", clients__knocking},
    {"the blocking client gets its answers", clients__blocking},
    {"an abort is one also after the end of the other end's sending", clients__aborted},
    {"a handler's time is not the client's", clients__slow_handler},
    {"the blocking client finds an impostor out", clients__impostor},
};

const rule_table client_rules = {clients__rows, sizeof clients__rows / sizeof *clients__rows};
