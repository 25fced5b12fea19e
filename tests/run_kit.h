/*
 * What the tests share that send runs of messages through an echo and check every byte.
 */
#ifndef PP_TESTS_RUN_KIT_H
#define PP_TESTS_RUN_KIT_H

#include "kit.h"

#include <stdlib.h>

/* Sends a run of messages, expects each back whole and in order, and counts what is wrong. */
typedef struct run {
    pp_mode mode;
    uint32_t seed;
    bool small; /* no long messages */
    bool go;    /* send as soon as it is open; else when its user says */
    LONG total, sent;
    volatile LONG received, wrong, opened, closed, reason;
    uint64_t bytes_sent, bytes_received; /* positions in the stream */
} run;

static size_t run_length(const run *r, LONG index)
{
    static const size_t lengths[] = {1, 64, 0, 1000, 17, 300, 2, 4096, 5000, 65536, 70000};
    size_t length = lengths[((uint32_t)index + r->seed) % (r->small ? 7 : 11)];

    return length == 0 && r->mode == PP_MODE_STREAM ? 3 : length;
}

static void run_send(pp_conn *conn, run *r)
{
    static const LONG window = 8;

    while (r->go && r->sent < r->total && r->sent - r->received < window) {
        size_t length = run_length(r, r->sent);
        char *data = malloc(length + 1);

        kit_fill(data, length, r->seed, r->bytes_sent);
        if (pp_conn_send(conn, data, length) == PP_OK) {
            r->bytes_sent += length;
            r->sent++;
        } else {
            r->wrong++;
        }
        free(data);
    }
}

static void run_open(pp_conn *conn, void *user)
{
    run *r = user;

    kit_add(&r->opened, 1);
    run_send(conn, r);
}

static pp_status run_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    run *r = user;

    if (!kit_is_filled(data, length, r->seed, r->bytes_received))
        r->wrong++;
    r->bytes_received += length;
    if (r->mode != PP_MODE_STREAM) {
        if (length != run_length(r, r->received))
            r->wrong++;
        kit_add(&r->received, 1);
    } else if (r->bytes_received == r->bytes_sent) {
        kit_add(&r->received, r->sent - r->received);
    }
    run_send(conn, r);
    return PP_OK;
}

static void run_close(pp_conn *conn, void *user, pp_status reason)
{
    run *r = user;

    (void)conn;
    r->reason = (LONG)reason;
    kit_add(&r->closed, 1);
}

static const pp_handlers run_handlers = {
    .on_open = run_open, .on_message = run_message, .on_close = run_close};

#endif
