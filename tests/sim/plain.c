/*
 * Clients by the Windows calls alone: slow ones, some that leave inside a message, silent ones, and
 * some that follow no rule.
 */
#include "world.h"

#include "base/security.h"

#include <string.h>
#include <winsock2.h>

#define PLAIN__HEADER 4

typedef struct plain {
    client *c;
    HANDLE pipe;
    char out[WORLD_LONGEST + PLAIN__HEADER], in[WORLD_LONGEST + PLAIN__HEADER];
    size_t have;
} plain;

static DWORD plain__rights(const client *c)
{
    pp_direction way = c->place->options.conn.direction;

    if (c->world->crowd && way == PP_DIRECTION_DUPLEX && sim_chance(4))
        return SECURITY_STRICT_RIGHTS;
    if (way == PP_DIRECTION_DUPLEX || c->world->calm || sim_chance(2))
        return GENERIC_READ | GENERIC_WRITE;
    return way == PP_DIRECTION_INBOUND ? GENERIC_WRITE : GENERIC_READ | FILE_WRITE_ATTRIBUTES;
}

/* "From pp_listen to the end of the listener the name is never free." */
static bool plain__open(plain *own)
{
    client *c = own->c;
    place *p = c->place;
    DWORD mode = PIPE_READMODE_MESSAGE, rights = plain__rights(c);
    DWORD flags = c->hides ? SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS : 0;
    const WCHAR *path = c->process.machine > 0 ? p->far_path : p->path;

    own->pipe = INVALID_HANDLE_VALUE;
    if (p->adopted > ADOPTED_SERVER_END) {
        own->pipe = adopted_open(c);
        return own->pipe != INVALID_HANDLE_VALUE;
    }
    while (!c->world->over) {
        own->pipe = CreateFileW(path, rights, 0, NULL, OPEN_EXISTING, flags, NULL);
        oracle_opened(c, rights,
                      own->pipe == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS);
        if (own->pipe != INVALID_HANDLE_VALUE || GetLastError() == ERROR_ACCESS_DENIED)
            break;
        if (GetLastError() == ERROR_FILE_NOT_FOUND && !p->closing && !c->world->stopping &&
            p->listening)
            sim_fail("the name %s is free while its listener listens", p->name);
        sim_sleep(1 + sim_draw(20));
    }
    if (own->pipe == INVALID_HANDLE_VALUE)
        return false;
    if (p->options.conn.mode == PP_MODE_MESSAGE &&
        !SetNamedPipeHandleState(own->pipe, &mode, NULL, NULL) &&
        GetLastError() != ERROR_PIPE_NOT_CONNECTED)
        sim_fail("a plain client: error %u for message mode", GetLastError());
    return true;
}

/* In pieces, unless a message is one write. False: the server has left, or it leaves inside. */
static bool plain__write(plain *own, const char *data, size_t size, bool whole)
{
    client *c = own->c;
    size_t piece = whole ? size : c->piece, most = size;
    DWORD bytes;

    if (c->half_writes && c->out->sent + 1 == c->leaves_after && !whole)
        most = sim_draw((uint32_t)size);
    for (size_t at = 0; at < most || (whole && size == 0); at += piece) {
        size_t part = most - at < piece ? most - at : piece;

        if (c->slow_ms > 0)
            sim_sleep(sim_draw(c->slow_ms));
        if (!WriteFile(own->pipe, data + at, (DWORD)part, &bytes, NULL))
            return false;
        if (size == 0)
            break;
    }
    c->out->broken = most < size && most > 0 && c->place->options.conn.mode == PP_MODE_FRAMED;
    return most == size;
}

static bool plain__send(plain *own)
{
    client *c = own->c;
    pp_mode mode = c->place->options.conn.mode;
    size_t length, header = mode == PP_MODE_FRAMED ? PLAIN__HEADER : 0;
    const char *data = flow_next(c->out, SIZE_MAX, &length);

    for (size_t i = 0; i < header; i++)
        own->out[i] = (char)(length >> (8 * i));
    memcpy(own->out + header, data, length);
    if (!plain__write(own, own->out, header + length, mode == PP_MODE_MESSAGE))
        return false;
    flow_sent(c->out, length);
    return true;
}

static void plain__arrived(plain *own, size_t skip, size_t length)
{
    flow_check(&own->c->in, own->in + skip, length);
    flow_take(&own->c->in, own->in + skip, length);
    own->have -= skip + length;
    memmove(own->in, own->in + skip + length, own->have);
}

/* Reads once. False: the server has left. */
static bool plain__read(plain *own)
{
    client *c = own->c;
    pp_mode mode = c->place->options.conn.mode;
    size_t room = sizeof own->in - own->have, length = 0;
    DWORD bytes;
    BOOL ok;

    if (c->slow_ms > 0)
        sim_sleep(sim_draw(c->slow_ms));
    if (room > c->piece)
        room = c->piece;
    ok = ReadFile(own->pipe, own->in + own->have, (DWORD)room, &bytes, NULL);
    if (c->place->adopted == ADOPTED_SOCKET && (!ok || bytes == 0)) {
        c->was_reset = !ok;
        c->at_end = ok;
        return false;
    }
    if (!ok && GetLastError() != ERROR_MORE_DATA) {
        c->at_end = GetLastError() == ERROR_BROKEN_PIPE;
        return false;
    }
    own->have += bytes;
    if (mode == PP_MODE_STREAM || (mode == PP_MODE_MESSAGE && ok))
        plain__arrived(own, 0, own->have);
    while (mode == PP_MODE_FRAMED && own->have >= PLAIN__HEADER) {
        memcpy(&length, own->in, PLAIN__HEADER);
        if (own->have < PLAIN__HEADER + length)
            break;
        plain__arrived(own, PLAIN__HEADER, length);
    }
    return true;
}

static void plain__talk(plain *own)
{
    client *c = own->c;
    bool reads = c->place->options.conn.direction != PP_DIRECTION_INBOUND;
    bool writes = c->place->options.conn.direction != PP_DIRECTION_OUTBOUND;

    while (writes && c->out->sent < c->to_send && c->out->sent < c->leaves_after) {
        if (!plain__send(own))
            return;
        while (reads && client_expects_more(c))
            if (!plain__read(own))
                return;
    }
    while (!writes && client_expects_more(c) && c->in.have < c->leaves_after)
        if (!plain__read(own))
            return;
}

/* It sends who it is, and then anything. */
static void plain__rave(plain *own)
{
    client *c = own->c;
    size_t longest = c->place->options.conn.max_message + PLAIN__HEADER + 1, size;
    DWORD bytes;

    c->out->wild = true;
    if (sim_chance(2) && !plain__send(own))
        return;
    for (unsigned i = sim_draw(10); i > 0; i--) {
        size = sim_chance(3) ? longest - sim_draw(2) * PLAIN__HEADER : sim_draw((uint32_t)longest);
        memcpy(own->out, flow_noise() + sim_draw(60000),
               size < sizeof own->out ? size : sizeof own->out);
        if (size >= 4 && sim_chance(2)) /* whole: not the id of another client. A control frame, or
                                           a length that is not too long */
            memcpy(own->out, sim_chance(2) ? "\x02\x00\x00\x80" : "\xF0\x00\x00\x00", 4);
        if (!WriteFile(own->pipe, own->out,
                       (DWORD)(size < sizeof own->out ? size : sizeof own->out), &bytes, NULL))
            return;
        sim_sleep(sim_draw(20));
    }
}

/* Reads what comes after that, until the server leaves. */
static void plain__linger(plain *own)
{
    DWORD bytes, ms = sim_draw(3000);

    while (own->c->kind == CLIENT_SILENT && ms > 0 && !own->c->world->over) {
        sim_sleep(100);
        ms = ms > 100 ? ms - 100 : 0;
    }
    while (own->c->kind == CLIENT_SILENT && own->c->piece > 10)
        if ((!ReadFile(own->pipe, own->in, 1000, &bytes, NULL) &&
             GetLastError() != ERROR_MORE_DATA) ||
            (bytes == 0 && own->c->place->adopted == ADOPTED_SOCKET))
            return;
}

/* A socket closes gracefully when it has ended its sending, and has read until the end. */
static void plain__close(plain *own)
{
    client *c = own->c;
    bool drains = c->kind == CLIENT_PLAIN && sim_chance(2);

    if (c->place->adopted != ADOPTED_SOCKET) {
        c->out->handed_over = c->out->closing = true;
        CloseHandle(own->pipe);
        return;
    }
    while (c->kind == CLIENT_PLAIN && c->place->ends_first && plain__read(own)) {
    }
    c->out->ended = c->out->closing = true;
    if (drains)
        shutdown((SOCKET)own->pipe, SD_SEND);
    while (drains && !c->at_end && plain__read(own)) {
    }
    c->out->handed_over = c->at_end;
    c->out->broken &= c->at_end;
    closesocket((SOCKET)own->pipe);
}

DWORD plain_main(void *argument)
{
    static plain all[WORLD_MOST_CLIENTS];
    client *c = argument;
    plain *own = &all[c->out->id - 1];

    sim_spare();
    own->c = c;
    own->have = 0;
    sim_sleep(c->late_ms);
    if (plain__open(own)) {
        if (c->kind == CLIENT_HOSTILE)
            plain__rave(own);
        else if (c->kind == CLIENT_PLAIN)
            plain__talk(own);
        plain__linger(own);
        plain__close(own);
    }
    client_done(c);
    return 0;
}
