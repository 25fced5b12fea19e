/*
 * Clients: ours, by pp_dial, and plain ones, by the Windows calls alone.
 */
#include "world.h"

/* ---- Clients of ours ------------------------------------------------------------------------- */

static void client_go_on(side *s)
{
    char data[WORLD_LONGEST];

    while (s->sent < s->to_send) {
        size_t length = side_fill(s, s->sent, s->bytes_out, data);

        if (pp_conn_send(s->conn, data, length) != PP_OK)
            return;
        s->sent++;
        s->bytes_out += length;
    }
    if (s->ends && !s->ended) {
        s->ended = true;
        pp_conn_end_sending(s->conn);
    }
}

static void client_open(pp_conn *conn, void *user)
{
    (void)conn;
    note_open(&((side *)user)->seen);
}

static pp_status client_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    side *s = user;

    callback_begins(&s->seen, "on_message");
    side_check(s, data, length);
    if (!s->ends && side_has_all(s))
        pp_conn_close(conn);
    callback_ends(&s->seen);
    return PP_OK;
}

static void client_writable(pp_conn *conn, void *user)
{
    side *s = user;

    (void)conn;
    callback_begins(&s->seen, "on_writable");
    client_go_on(s);
    callback_ends(&s->seen);
}

static void client_end(pp_conn *conn, void *user)
{
    side *s = user;

    callback_begins(&s->seen, "on_end");
    if (!side_has_all(s))
        sim_fail("client %u: the end came before %llu bytes", s->id,
                 (unsigned long long)(s->bytes_out - s->bytes_in));
    (void)conn;
    callback_ends(&s->seen);
}

static void client_close(pp_conn *conn, void *user, pp_status reason)
{
    side *s = user;

    (void)conn;
    note_close(&s->seen, reason);
    InterlockedIncrement(&s->world->clients_done);
}

void client_dial(side *s)
{
    pp_dial_options dial;
    pp_error error;

    pp_dial_options_init(&dial);
    dial.name = "world";
    dial.conn.mode = s->world->mode;
    dial.conn.half_close = s->world->half_close;
    dial.conn.high_mark = 1 + sim_draw(1000);
    dial.conn.handlers = (pp_handlers){.on_open = client_open,
                                       .on_message = client_message,
                                       .on_writable = client_writable,
                                       .on_end = client_end,
                                       .on_close = client_close};
    dial.conn.user = s;
    dial.timeout_ms = 60000;
    if (pp_dial(s->world->port, &dial, &s->conn, &error) != PP_OK)
        sim_fail("pp_dial: %s", error.message);
    client_go_on(s);
}

/* ---- Plain clients, by the Windows calls alone ------------------------------------------------
 */

static HANDLE plain_open(side *s)
{
    DWORD mode = PIPE_READMODE_MESSAGE;
    HANDLE pause = CreateEventW(NULL, TRUE, FALSE, NULL), pipe;

    for (;;) {
        pipe = CreateFileW(L"\\\\.\\pipe\\world", GENERIC_READ | GENERIC_WRITE, 0, NULL,
                           OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE || s->world->stopping)
            break;
        if (GetLastError() != ERROR_PIPE_BUSY && GetLastError() != ERROR_FILE_NOT_FOUND)
            sim_fail("a plain client: error %u", GetLastError());
        WaitForSingleObject(pause, 1);
    }
    CloseHandle(pause);
    if (pipe != INVALID_HANDLE_VALUE && s->world->mode == PP_MODE_MESSAGE &&
        !SetNamedPipeHandleState(pipe, &mode, NULL, NULL))
        sim_fail("a plain client: error %u for message mode", GetLastError());
    return pipe;
}

/* One message, and its answer. False: the server has left. */
static bool plain_ask(side *s, HANDLE pipe)
{
    char data[WORLD_LONGEST], answer[WORLD_LONGEST];
    size_t length = side_fill(s, s->sent, s->bytes_out, data), got = 0;
    DWORD bytes;

    if (!WriteFile(pipe, data, (DWORD)length, &bytes, NULL))
        return false;
    s->sent++;
    s->bytes_out += length;
    while (got < length) {
        if (!ReadFile(pipe, answer + got, (DWORD)(sizeof answer - got), &bytes, NULL))
            return false;
        got += bytes;
        if (s->world->mode == PP_MODE_MESSAGE)
            break;
    }
    side_check(s, answer, got);
    return true;
}

DWORD plain_main(void *argument)
{
    side *s = argument;
    HANDLE pipe = plain_open(s);

    s->seen.opened = pipe != INVALID_HANDLE_VALUE;
    while (s->seen.opened && s->sent < s->to_send && s->sent < s->leaves_after)
        if (!plain_ask(s, pipe))
            break;
    if (s->seen.opened)
        CloseHandle(pipe);
    s->seen.closed = true;
    InterlockedIncrement(&s->world->clients_done);
    return 0;
}
