/*
 * A world: a server and its clients in one simulated Windows, each drawn from the seed, and what
 * must hold for them whatever the schedule: the contract of pipeport.h.
 */
#include "world.h"

#include <string.h>

/* ---- The server ------------------------------------------------------------------------------ */

static void server_open(pp_conn *conn, void *user)
{
    world *w = user;
    watched *seen = &w->served[w->served_count++ % WORLD_MOST_SERVED];

    memset(seen, 0, sizeof *seen);
    pp_conn_set_user(conn, seen);
    seen->world = w;
    w->serving++;
    note_open(seen);
}

static void resume_later(void *user, pp_status status)
{
    pp_conn *conn = user;

    (void)status;
    pp_conn_resume(conn);
    pp_conn_unref(&conn);
}

static pp_status server_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    watched *seen = user;
    pp_status status;

    callback_begins(seen, "on_message");
    if (seen->world->pauses && sim_chance(8)) {
        pp_conn_ref(conn);
        status = pp_port_after(seen->world->port, sim_draw(20), resume_later, conn, NULL);
        if (status == PP_OK) {
            callback_ends(seen);
            return PP_E_AGAIN;
        }
        pp_conn_unref(&conn);
    }
    status = pp_conn_send(conn, data, length);
    callback_ends(seen);
    return status;
}

static void server_writable(pp_conn *conn, void *user)
{
    callback_begins(user, "on_writable");
    pp_conn_resume(conn);
    callback_ends(user);
}

static void server_end(pp_conn *conn, void *user)
{
    callback_begins(user, "on_end");
    if (((watched *)user)->world->answers_ends)
        pp_conn_end_sending(conn);
    else
        pp_conn_close(conn);
    callback_ends(user);
}

static void server_close(pp_conn *conn, void *user, pp_status reason)
{
    watched *seen = user;

    (void)conn;
    seen->world->serving--;
    note_close(seen, reason);
}

/* ---- Interference ---------------------------------------------------------------------------- */

/* Another thread of the server's process, which does to connections what users do. */
static DWORD meddle(void *argument)
{
    world *w = argument;

    for (unsigned i = sim_draw(20); i > 0; i--) {
        side *s = &w->clients[sim_draw(w->client_count)];

        WaitForSingleObject(w->pause, sim_draw(3));
        if (!s->conn)
            continue;
        switch (sim_draw(8)) {
        case 0:
            pp_conn_abort(s->conn);
            break;
        case 1:
            pp_conn_close(s->conn);
            break;
        case 2:
            pp_conn_pause(s->conn);
            break;
        default:
            pp_conn_resume(s->conn);
        }
    }
    for (unsigned i = 0; i < w->client_count; i++)
        if (w->clients[i].conn)
            pp_conn_resume(w->clients[i].conn);
    if (sim_chance(2)) {
        w->stopping = true;
        if (sim_chance(2))
            pp_port_abort(w->port);
        else
            pp_port_stop(w->port);
    }
    return 0;
}

/* ---- The world ------------------------------------------------------------------------------- */

static void world__listen(world *w)
{
    pp_listen_options listen;
    pp_error error;

    pp_listen_options_init(&listen);
    listen.name = "world";
    listen.conn.mode = w->mode;
    listen.conn.half_close = w->half_close;
    listen.conn.high_mark = 1 + sim_draw(3000);
    listen.accept_ready = 1 + sim_draw(4);
    listen.accept_depth = listen.accept_ready + sim_draw(8);
    listen.pipe_buffer = sim_draw(4) * 100;
    listen.conn.handlers = (pp_handlers){.on_open = server_open,
                                         .on_message = server_message,
                                         .on_writable = server_writable,
                                         .on_end = server_end,
                                         .on_close = server_close};
    listen.conn.user = w;
    if (pp_listen(w->port, &listen, NULL, &error) != PP_OK)
        sim_fail("pp_listen: %s", error.message);
}

static void world__draw(world *w)
{
    memset(w, 0, sizeof *w);
    w->mode = (pp_mode)sim_draw(3);
    w->half_close = w->mode == PP_MODE_MESSAGE && sim_chance(2);
    w->longest = 1 + sim_draw(WORLD_LONGEST);
    w->answers_ends = sim_chance(2);
    w->pauses = sim_chance(3);
    w->meddled = sim_chance(2);
    w->client_count = 1 + sim_draw(WORLD_MOST_CLIENTS);
    for (unsigned i = 0; i < w->client_count; i++) {
        side *s = &w->clients[i];

        s->id = i;
        s->world = w;
        s->seen.world = w;
        s->to_send = 1 + sim_draw(40);
        s->plain = w->mode != PP_MODE_FRAMED && sim_chance(3);
        s->leaves_after = sim_chance(4) ? sim_draw(20) : UINT32_MAX;
        s->ends = (w->mode == PP_MODE_FRAMED || w->half_close) && sim_chance(2);
    }
}

/* Where nobody meddles, everything that was asked is answered. */
static void world__judge(const world *w)
{
    pp_stats stats;

    for (unsigned i = 0; i < w->client_count; i++) {
        const side *s = &w->clients[i];
        bool ends_well = s->seen.reason == PP_OK ||
                         (s->ends && !w->answers_ends && s->seen.reason == PP_E_PEER_CLOSED);

        if (w->meddled || s->leaves_after != UINT32_MAX)
            continue;
        if (!side_has_all(s) || !ends_well)
            sim_fail("client %u (%s): %s with %u of %u messages sent and %llu bytes missing", i,
                     s->plain ? "plain" : "ours", pp_status_name(s->seen.reason), s->sent,
                     s->to_send, (unsigned long long)(s->bytes_out - s->bytes_in));
    }
    if (w->serving != 0)
        sim_fail("%u connections of the server have not closed", w->serving);
    pp_port_stats(w->port, &stats);
    if (stats.operations_pending || stats.handles_open || stats.connections_now ||
        stats.bytes_buffered)
        sim_fail("left: %u operations, %u handles, %u connections, %u bytes",
                 (unsigned)stats.operations_pending, (unsigned)stats.handles_open,
                 (unsigned)stats.connections_now, (unsigned)stats.bytes_buffered);
}

static void world__start_clients(world *w, HANDLE *threads)
{
    for (unsigned i = 0; i < w->client_count; i++) {
        side *s = &w->clients[i];

        threads[i] = NULL;
        if (s->plain)
            threads[i] = sim_spawn(&sim_client, plain_main, s);
        else
            client_dial(s);
    }
}

void world_run(void *context)
{
    world *w = context;
    HANDLE threads[WORLD_MOST_CLIENTS], meddler = NULL;
    pp_port_options options;
    pp_error error;

    world__draw(w);
    w->pause = CreateEventW(NULL, TRUE, FALSE, NULL);
    pp_port_options_init(&options);
    options.workers = 1 + sim_draw(4);
    if (pp_port_open(&w->port, &options, &error) != PP_OK)
        sim_fail("pp_port_open: %s", error.message);
    world__listen(w);
    world__start_clients(w, threads);
    if (w->meddled)
        meddler = sim_spawn(&sim_server, meddle, w);
    while (w->clients_done < (LONG)w->client_count)
        WaitForSingleObject(w->pause, 10);
    if (meddler) {
        WaitForSingleObject(meddler, INFINITE);
        CloseHandle(meddler);
    }
    for (unsigned i = 0; i < w->client_count; i++) {
        if (threads[i]) {
            WaitForSingleObject(threads[i], INFINITE);
            CloseHandle(threads[i]);
        }
        pp_conn_unref(&w->clients[i].conn);
    }
    pp_port_stop(w->port);
    pp_port_wait(w->port);
    world__judge(w);
    pp_port_close(&w->port);
    CloseHandle(w->pause);
    if (sim_handles() != 0)
        sim_fail("%u handles are left", sim_handles());
}
