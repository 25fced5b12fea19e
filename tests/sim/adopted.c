/*
 * Connections of handles that somebody else opened: each end of a pipe, a socket, and the standard
 * streams of a child. A thread of the server opens one and has it adopted; a plain client has the
 * other end.
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
    while (!c->place->theirs && !c->world->over)
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

/* ---- Children -------------------------------------------------------------------------------- */

/* What is asked for goes to its clients, and the child ends when they have. */
static void adopted__serve_streams(world *w, HANDLE streams[ADOPTED_STREAMS])
{
    for (unsigned i = 0; i < w->adopted_count; i++)
        if (w->adopted[i].adopted == ADOPTED_STREAM) {
            w->adopted[i].theirs = streams[i];
            streams[i] = NULL;
        }
    for (unsigned i = 0; i < w->adopted_count; i++) {
        place *p = &w->adopted[i];

        while (p->adopted == ADOPTED_STREAM && !p->adopted_by->done)
            sim_wait_for(&w->clients_done, SIM_NEVER);
        if (p->adopted == ADOPTED_STREAM && p->theirs) /* its client came too late */
            CloseHandle(p->theirs);
    }
}

/* A child has some streams of ours, or none. */
static void adopted__child(void *context, const WCHAR *command_line, HANDLE streams[])
{
    if (wcscmp(command_line, L"child serve") == 0)
        adopted__serve_streams(context, streams);
    for (unsigned i = 0; i < ADOPTED_STREAMS; i++)
        if (streams[i])
            CloseHandle(streams[i]);
}

static const pp_conn_options *adopted__stream(const world *w, unsigned number)
{
    const place *p = &w->adopted[number];

    return number < w->adopted_count && p->adopted == ADOPTED_STREAM ? &p->options.conn : NULL;
}

static void adopted__spawn(world *w, const char *command_line, bool streams, HANDLE *process)
{
    pp_spawn_options options;
    pp_child child;
    pp_status status;

    pp_spawn_options_init(&options);
    options.command_line = command_line;
    options.input = streams ? adopted__stream(w, 0) : NULL;
    options.output = streams ? adopted__stream(w, 1) : NULL;
    options.errors = streams ? adopted__stream(w, 2) : NULL;
    status = pp_spawn(w->port, &options, &child, NULL);
    *process = child.process;
    pp_conn_unref(&child.input);
    pp_conn_unref(&child.output);
    pp_conn_unref(&child.errors);
    if (command_line[0] != 'c' ? status == PP_OK : status != PP_OK && !w->faulty && !w->stopping)
        sim_fail("pp_spawn returns %s", pp_status_name(status));
}

/* At the same time another thread starts a child without streams: neither gets the other's. */
static DWORD adopted__spawn_idle(void *argument)
{
    world *w = argument;

    sim_sleep(sim_draw(3));
    adopted__spawn(w, "child idle", false, &w->children[1]);
    return 0;
}

static void adopted__spawn_both(world *w)
{
    HANDLE other;

    sim_install(L"child", adopted__child, w);
    other = sim_spawn(&sim_server, adopted__spawn_idle, w);
    sim_sleep(sim_draw(3));
    adopted__spawn(w, w->calm || !sim_chance(8) ? "child serve" : "absent", true, &w->children[0]);
    world_join(&other);
}

/* ---- Adopting -------------------------------------------------------------------------------- */

/* "The connection owns the handle from here on, and a failure closes it." */
static DWORD adopted__main(void *argument)
{
    place *p = argument;
    HANDLE handle;
    pp_status status;
    pp_error error;

    sim_sleep(sim_draw(50));
    if (p->adopted == ADOPTED_STREAM) {
        adopted__spawn_both(p->world);
        return 0;
    }
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

/* The nth is the nth standard stream. */
static void adopted__draw_stream(place *p, unsigned number)
{
    pp_conn_options *o = &p->options.conn;

    p->adopted = ADOPTED_STREAM;
    if (o->mode == PP_MODE_MESSAGE)
        o->mode = PP_MODE_FRAMED;
    o->half_close = false;
    o->direction = number == 0 ? PP_DIRECTION_OUTBOUND : PP_DIRECTION_INBOUND;
    p->pushes = number == 0 ? p->pushes : 0;
    p->answers = false;
}

void adopted_draw(place *p, unsigned number)
{
    bool message = p->options.conn.mode == PP_MODE_MESSAGE;

    snprintf(p->name, sizeof p->name, "a%u", number);
    swprintf(p->path, sizeof p->path / sizeof *p->path, L"\\\\.\\pipe\\a%u", number);
    p->adopted = (adopted_kind)(1 + sim_draw(message ? 2 : 3));
    if (p->world->walk.on && !message && number < 2)
        p->adopted = number == 0 ? ADOPTED_SERVER_END : ADOPTED_SOCKET;
    if (p->world->walk.on ? number == 2 : sim_chance(3))
        adopted__draw_stream(p, number);
    p->adopted_by = &p->world->clients[number];
    p->ends_first = p->adopted == ADOPTED_SOCKET && p->options.conn.mode == PP_MODE_STREAM &&
                    p->options.conn.direction == PP_DIRECTION_DUPLEX && sim_chance(3);
    p->answers = p->answers && !p->ends_first;
}

void adopted_start(world *w)
{
    bool spawned = false; /* all streams are of one child */

    for (unsigned i = 0; i < w->adopted_count; i++) {
        bool stream = w->adopted[i].adopted == ADOPTED_STREAM;

        if (!stream || !spawned)
            w->adopted[i].adopter = sim_spawn(&sim_server, adopted__main, &w->adopted[i]);
        spawned |= stream;
    }
}

void adopted_join(world *w)
{
    for (unsigned i = 0; i < w->adopted_count; i++) {
        world_join(&w->adopted[i].adopter);
        if (w->adopted[i].adopted == ADOPTED_SOCKET &&
            w->adopted[i].theirs) /* its client came too late */
            closesocket((SOCKET)w->adopted[i].theirs);
    }
    world_join(&w->children[0]);
    world_join(&w->children[1]);
}
