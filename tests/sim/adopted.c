/*
 * Connections of handles that somebody else opened: each end of a pipe, and a socket. A thread of
 * the server opens one and has it adopted; a plain client has the other end.
 */
#include "sockets.h"
#include "world.h"

#include <stdio.h>
#include <winsock2.h>

/* ---- The client's end ------------------------------------------------------------------------ */

/* It makes the instance, and waits until the server has opened it. */
static HANDLE adopted__make_instance(const place *p)
{
    bool message = p->options.conn.mode == PP_MODE_MESSAGE;
    HANDLE pipe =
        CreateNamedPipeW(p->path, PIPE_ACCESS_DUPLEX,
                         message ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE : PIPE_TYPE_BYTE, 1,
                         (DWORD)p->options.pipe_buffer, (DWORD)p->options.pipe_buffer, 0, NULL);

    while (!p->world->over && sim_clients_of(p->path) == 0)
        sim_sleep(5);
    return pipe;
}

HANDLE adopted_open(client *c)
{
    HANDLE theirs;

    if (c->place->adopted == ADOPTED_CLIENT_END)
        return adopted__make_instance(c->place);
    while (c->place->adopted == ADOPTED_SOCKET && !c->place->theirs && !c->world->over)
        sim_sleep(5);
    theirs = c->place->theirs;
    c->place->theirs = NULL;
    return theirs ? theirs : INVALID_HANDLE_VALUE;
}

/* ---- The server's end ------------------------------------------------------------------------ */

/* The modes of the handle are any but those that nobody can change. */
static HANDLE adopted__make_server_end(const place *p)
{
    bool message = p->options.conn.mode == PP_MODE_MESSAGE || sim_chance(2);
    DWORD mode =
        message ? PIPE_TYPE_MESSAGE | (sim_chance(2) ? PIPE_READMODE_MESSAGE : 0) : PIPE_TYPE_BYTE;
    HANDLE pipe =
        CreateNamedPipeW(p->path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                         mode | (sim_chance(4) ? PIPE_NOWAIT : 0), 1, (DWORD)p->options.pipe_buffer,
                         (DWORD)p->options.pipe_buffer, 0, NULL);
    bool waits = p->world->calm || !sim_chance(4);

    while (waits && !p->world->over && sim_clients_of(p->path) == 0)
        sim_sleep(5);
    return pipe;
}

static HANDLE adopted__open_client_end(const place *p)
{
    HANDLE pipe = INVALID_HANDLE_VALUE;

    while (!p->world->over && pipe == INVALID_HANDLE_VALUE) {
        pipe = CreateFileW(p->path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                           FILE_FLAG_OVERLAPPED, NULL);
        if (pipe == INVALID_HANDLE_VALUE)
            sim_sleep(5);
    }
    return pipe;
}

static HANDLE adopted__make(place *p)
{
    HANDLE ends[2];

    if (p->adopted == ADOPTED_SERVER_END)
        return adopted__make_server_end(p);
    if (p->adopted == ADOPTED_CLIENT_END)
        return adopted__open_client_end(p);
    sim_connect_sockets(100 + sim_draw(10000), &p->adopted_by->process, ends);
    p->theirs = ends[1];
    return ends[0];
}

/* "The connection owns the handle from here on, and a failure closes it." */
static DWORD adopted__main(void *argument)
{
    place *p = argument;
    HANDLE handle;
    pp_status status;
    pp_error error;

    sim_sleep(sim_draw(50));
    handle = adopted__make(p);
    if (handle == INVALID_HANDLE_VALUE)
        return 0;
    if (p->adopted != ADOPTED_SOCKET && p->options.conn.mode != PP_MODE_MESSAGE && sim_chance(4))
        SetFileCompletionNotificationModes(handle, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS);
    status = pp_conn_adopt(p->world->port, handle, &p->options.conn, NULL, &error);
    if (status != PP_OK && !p->world->faulty && !(status == PP_E_CLOSING && p->world->stopping))
        sim_fail("pp_conn_adopt: %s", error.message);
    return 0;
}

/* ---- The course of it ------------------------------------------------------------------------ */

void adopted_draw(place *p, unsigned number)
{
    bool message = p->options.conn.mode == PP_MODE_MESSAGE;

    snprintf(p->name, sizeof p->name, "a%u", number);
    swprintf(p->path, sizeof p->path / sizeof *p->path, L"\\\\.\\pipe\\a%u", number);
    p->adopted = (adopted_kind)(1 + sim_draw(message ? 2 : 3));
    if (p->world->walk.on && !message)
        p->adopted = number == 0 ? ADOPTED_SERVER_END : ADOPTED_SOCKET;
    p->adopted_by = &p->world->clients[number];
    p->ends_first = p->adopted == ADOPTED_SOCKET && p->options.conn.mode == PP_MODE_STREAM &&
                    p->options.conn.direction == PP_DIRECTION_DUPLEX && sim_chance(3);
    p->answers = p->answers && !p->ends_first;
}

void adopted_start(world *w)
{
    for (unsigned i = 0; i < w->adopted_count; i++)
        w->adopted[i].adopter = sim_spawn(&sim_server, adopted__main, &w->adopted[i]);
}

void adopted_join(world *w)
{
    for (unsigned i = 0; i < w->adopted_count; i++) {
        world_join(&w->adopted[i].adopter);
        if (w->adopted[i].theirs) /* its client came too late */
            closesocket((SOCKET)w->adopted[i].theirs);
    }
}
