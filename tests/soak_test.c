/*
 * Endurance: a server and a client port in one process for SOAK_SECONDS (of the environment; 60 if
 * not said). In all three modes clients come one after the other, each in a manner of its own: some
 * stay and read at once or slowly, some only look in, some leave in the middle, and some are thrown
 * out by the server. Datagrams arrive meanwhile. Every byte that comes back is checked.
 *
 * Each five seconds it prints a line of figures. It fails at once when anything is wrong, and at
 * the end when the mean memory of the last fifth of the time is by more than a twentieth
 * above that of the second (a single one says what was in flight), or when anything is left.
 *
 * It is the timers that pace it, to leave half of a small machine to others.
 */
#include "mailslot_kit.h"

#include <stdlib.h>

enum {
    MODES = 3,
    PER_MODE = 8,
    PRINT_SECONDS = 5,
    LEAST_SECONDS = 10,
    DATAGRAM_MS = 10,
    LONGEST = 70000
};

typedef enum manner { STEADY, SLOW, BRIEF, LEAVING, THROWN_OUT, MANNERS } manner;

/* How many messages a client sends, how many of them may be unanswered, and how it reads: so many,
 * then none for so long. */
static const struct {
    const char *name;
    LONG total, window, at_once;
    uint32_t wait_ms;
} manners[MANNERS] = {
    {"steady", 120, 8, 4, 40},    {"slow", 80, 40, 8, 400},        {"brief", 2, 2, 4, 40},
    {"leaving", 1000, 16, 4, 40}, {"thrown out", 1000, 16, 4, 40},
};

typedef struct soak {
    pp_port *server, *client;
    char names[MODES][2][64]; /* of the listeners: one that echoes, one that throws out */
    volatile LONG wrong, stopping, idle, next_seed;
    volatile LONG visits[MODES][MANNERS];
    volatile LONG64 bytes; /* checked */
    pp_status reason;      /* of an end that should not have been */
} soak;

/* One client at a time; its user pointer. */
typedef struct visit {
    soak *all;
    pp_mode mode;
    manner manner;
    uint32_t seed;
    bool opened;
    LONG total, sent, received;
    uint64_t bytes_sent, bytes_received, next_end; /* where message `received` ends */
    char data[LONGEST];
} visit;

static uint32_t visit_random(const visit *v, uint32_t what)
{
    return (uint32_t)kit_byte(v->seed, what) << 8 | kit_byte(v->seed, what + 1000000);
}

static size_t visit_length(const visit *v, LONG index)
{
    static const size_t lengths[] = {1, 64, 0, 1000, 17, 300, 2, 4096, 5000, 65536, LONGEST};
    size_t length = lengths[((uint32_t)index + v->seed) % 11];

    return length == 0 && v->mode == PP_MODE_STREAM ? 3 : length;
}

static void visit_wrong(visit *v, pp_status reason)
{
    v->all->reason = reason;
    kit_add(&v->all->wrong, 1);
}

static void visit_send(pp_conn *conn, visit *v)
{
    while (v->sent < v->total && v->sent - v->received < manners[v->manner].window) {
        size_t length = visit_length(v, v->sent);
        pp_status status;

        kit_fill(v->data, length, v->seed, v->bytes_sent);
        status = pp_conn_send(conn, v->data, length);
        if (status != PP_OK) {
            /* PP_E_AGAIN: on_writable comes. Who is thrown out learns of it by its reads. */
            if (status != PP_E_AGAIN && v->manner != THROWN_OUT)
                visit_wrong(v, status);
            return;
        }
        v->bytes_sent += length;
        v->sent++;
    }
}

static void visit_open(pp_conn *conn, void *user)
{
    visit *v = user;

    v->opened = true;
    visit_send(conn, v);
    if (v->manner == BRIEF)
        pp_conn_close(conn); /* perhaps before its replies */
}

static void visit_resume(void *user, pp_status status)
{
    pp_conn *conn = user;

    (void)status;
    pp_conn_resume(conn);
    pp_conn_unref(&conn);
}

static void visit_pause(pp_conn *conn, visit *v)
{
    uint32_t wait = manners[v->manner].wait_ms;

    pp_conn_pause(conn);
    pp_conn_ref(conn);
    wait = wait / 2 + visit_random(v, (uint32_t)v->received) % wait;
    if (pp_port_after(v->all->client, wait, visit_resume, conn, NULL) != PP_OK) {
        visit_wrong(v, PP_E_SYSTEM);
        pp_conn_unref(&conn);
    }
}

/* Checks what came, and counts the messages that are complete. */
static void visit_check(visit *v, const void *data, size_t length)
{
    if (!kit_is_filled(data, length, v->seed, v->bytes_received) ||
        v->bytes_received + length > v->bytes_sent ||
        (v->mode != PP_MODE_STREAM && length != visit_length(v, v->received)))
        visit_wrong(v, PP_OK);
    v->bytes_received += length;
    InterlockedExchangeAdd64(&v->all->bytes, (LONG64)length);
    if (v->mode != PP_MODE_STREAM) {
        v->received++;
        return;
    }
    for (; v->received < v->sent && v->bytes_received >= v->next_end; v->received++)
        v->next_end += visit_length(v, v->received + 1);
}

static pp_status visit_message(pp_conn *conn, void *user, const void *data, size_t length)
{
    visit *v = user;
    LONG before = v->received, at_once = manners[v->manner].at_once;

    visit_check(v, data, length);
    if (v->manner == LEAVING && v->received >= (LONG)(visit_random(v, 0) % 60))
        pp_conn_abort(conn);
    else if (v->received == v->total)
        pp_conn_close(conn);
    else
        visit_send(conn, v);
    if (v->received / at_once != before / at_once)
        visit_pause(conn, v);
    return PP_OK;
}

static void visit_writable(pp_conn *conn, void *user)
{
    visit_send(conn, user);
}

static bool visit_may_end_so(const visit *v, pp_status reason)
{
    switch (v->manner) {
    case LEAVING:
        return reason == PP_E_ABORTED;
    case THROWN_OUT:
        return reason == PP_E_PEER_CLOSED || reason == PP_E_TRUNCATED;
    case BRIEF:
        return reason == PP_OK;
    default:
        return reason == PP_OK && v->received == v->total && v->bytes_received == v->bytes_sent;
    }
}

static void visit_begin(void *user, pp_status status);

static void visit_close(pp_conn *conn, void *user, pp_status reason)
{
    visit *v = user;

    (void)conn;
    if (!v->opened || !visit_may_end_so(v, reason))
        visit_wrong(v, reason);
    InterlockedIncrement(&v->all->visits[v->mode][v->manner]);
    if (pp_port_after(v->all->client, 20 + visit_random(v, 1) % 200, visit_begin, v, NULL) != PP_OK)
        visit_wrong(v, PP_E_SYSTEM);
}

/* The next client of this place, in the next manner. */
static void visit_begin(void *user, pp_status status)
{
    static const pp_handlers handlers = {.on_open = visit_open,
                                         .on_message = visit_message,
                                         .on_writable = visit_writable,
                                         .on_close = visit_close};
    visit *v = user;
    soak *all = v->all;
    pp_dial_options dial;

    if (all->stopping || status != PP_OK) {
        kit_add(&all->idle, 1);
        return;
    }
    v->seed = (uint32_t)InterlockedIncrement(&all->next_seed);
    v->manner = (manner)(visit_random(v, 2) % MANNERS);
    v->total = manners[v->manner].total;
    v->opened = false;
    v->sent = v->received = 0;
    v->bytes_sent = v->bytes_received = 0;
    v->next_end = visit_length(v, 0);
    dial = kit_dial_options(all->names[v->mode][v->manner == THROWN_OUT], v->mode, handlers, v);
    if (pp_dial(all->client, &dial, NULL, NULL) != PP_OK)
        visit_wrong(v, PP_E_SYSTEM);
}

/* ---- The server ------------------------------------------------------------------------------ */

static pp_status throw_out(pp_conn *conn, void *user, const void *data, size_t length)
{
    static volatile LONG messages;

    (void)user;
    return InterlockedIncrement(&messages) % 25 == 0 ? PP_E_ABORTED
                                                     : pp_conn_send(conn, data, length);
}

static void listen_in_mode(soak *all, pp_mode mode, kit_counts *counts)
{
    for (int throws = 0; throws < 2; throws++) {
        char *name = all->names[mode][throws];
        pp_listen_options listen = kit_listen_options(name, mode, counts);

        strcpy(name, kit_name());
        listen.conn.high_mark = 65536; /* a slow reader's queue fills */
        listen.pipe_buffer = 16384;
        if (throws)
            listen.conn.handlers.on_message = throw_out;
        kit_listen(all->server, &listen);
    }
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

typedef struct post {
    const char *name;
    HANDLE stop;
    LONG sent;
    pp_status status;
} post;

static DWORD WINAPI post_datagrams(void *argument)
{
    post *p = argument;
    pp_sender *sender;

    p->status = pp_sender_open(&sender, p->name, NULL);
    if (p->status != PP_OK)
        return 0;
    while (p->status == PP_OK && WaitForSingleObject(p->stop, DATAGRAM_MS) == WAIT_TIMEOUT) {
        p->status = send_stamped(sender, 0, (uint32_t)p->sent);
        if (p->status == PP_OK)
            p->sent++;
    }
    pp_sender_close(&sender);
    return 0;
}

/* ---- The run --------------------------------------------------------------------------------- */

static unsigned soak_seconds(void)
{
    const char *text = getenv("SOAK_SECONDS");
    int seconds = text ? atoi(text) : 60;

    return seconds < LEAST_SECONDS ? LEAST_SECONDS : (unsigned)seconds;
}

static uint64_t ends_that_should_not_be(const pp_stats *s)
{
    uint64_t count = s->accept_errors;

    for (int reason = 0; reason < PP_STATUS_COUNT; reason++)
        if (reason != PP_OK && reason != PP_E_PEER_CLOSED && reason != PP_E_ABORTED &&
            reason != PP_E_TRUNCATED)
            count += s->connections_ended[reason];
    return count;
}

static void print_figures(soak *all, unsigned second, double memory, LONG datagrams)
{
    pp_stats s = kit_stats(all->server), c = kit_stats(all->client);

    printf("%5u s  memory %7.2f MB  handles %4llu  operations %9llu  pending %3llu  visits %6llu"
           "  checked %8.1f MB  datagrams %6ld  refused %6llu  errors %llu\n",
           second, memory, (unsigned long long)(s.handles_open + c.handles_open),
           (unsigned long long)(s.operations_read + s.operations_write + s.operations_connect +
                                c.operations_read + c.operations_write + c.operations_connect),
           (unsigned long long)(s.operations_pending + c.operations_pending),
           (unsigned long long)s.connections_total, (double)all->bytes / 1e6, datagrams,
           (unsigned long long)s.refused_sends,
           (unsigned long long)(ends_that_should_not_be(&s) + ends_that_should_not_be(&c)) +
               (unsigned long)all->wrong);
}

/* Lets it run, and prints; the mean memory of the last fifth of the time as a share of that
 * of the second, when all that is needed once has been taken. */
static double run_for(soak *all, unsigned seconds, volatile LONG *datagrams)
{
    double early = 0, late = 0;
    unsigned fifth = seconds / 5;

    for (unsigned second = 1; second <= seconds; second++) {
        double memory;

        if (kit_wait_ms(&all->wrong, 1, 1000))
            fail_msg("a client that was wrong or ended with %s", pp_status_name(all->reason));
        memory = (double)kit_memory() / 1e6;
        if (second > fifth && second <= 2 * fifth)
            early += memory;
        if (second > seconds - fifth)
            late += memory;
        if (second % PRINT_SECONDS == 0)
            print_figures(all, second, memory, *datagrams);
    }
    return late / early;
}

static void print_visits(const soak *all)
{
    for (int m = 0; m < MANNERS; m++) {
        printf("%-10s", manners[m].name);
        for (int mode = 0; mode < MODES; mode++)
            printf("  %6ld", all->visits[mode][m]);
        printf("\n");
    }
}

/* Both ports, the listeners, the mailslot, and the first clients. */
static void start(soak *all, const post *p, slot_counts *slot_seen, kit_counts *counts)
{
    static visit visits[MODES][PER_MODE];

    all->server = kit_port(2);
    all->client = kit_port(2);
    listen_to(all->server, p->name, slot_seen, 2000);
    for (int mode = 0; mode < MODES; mode++) {
        listen_in_mode(all, (pp_mode)mode, counts);
        for (int i = 0; i < PER_MODE; i++) {
            visits[mode][i].all = all;
            visits[mode][i].mode = (pp_mode)mode;
            assert_ok(pp_port_post(all->client, visit_begin, &visits[mode][i]));
        }
    }
}

TEST_CASE(nothing_is_lost_and_nothing_grows)
{
    static soak all;
    static kit_counts counts;
    slot_counts slot_seen = {0};
    post p = {.name = kit_name(), .stop = CreateEventW(NULL, TRUE, FALSE, NULL)};
    HANDLE poster;
    double grown;
    pp_stats s, c;

    start(&all, &p, &slot_seen, &counts);
    poster = CreateThread(NULL, 0, post_datagrams, &p, 0, NULL);
    assert_non_null(poster);

    grown = run_for(&all, soak_seconds(), &slot_seen.datagrams);

    all.stopping = 1;
    SetEvent(p.stop);
    WaitForSingleObject(poster, INFINITE);
    CloseHandle(poster);
    CloseHandle(p.stop);
    assert_true(kit_wait_ms(&all.idle, MODES * PER_MODE, 4 * KIT_WAIT_MS));
    assert_ok(p.status);
    wait_for(slot_seen.datagrams, p.sent);
    print_visits(&all);
    printf("the memory of the last fifth is %.1f%% of that of the second\n", grown * 100);

    assert_int_equal(all.wrong, 0);
    assert_int_equal(slot_seen.wrong, 0);
    assert_int_equal(slot_seen.datagrams, p.sent);
    for (int mode = 0; mode < MODES; mode++)
        for (int m = 0; m < MANNERS; m++)
            assert_true(all.visits[mode][m] > 0);
    s = kit_stats(all.server);
    c = kit_stats(all.client);
    assert_true(s.refused_sends > 0); /* readers were slow enough */
    assert_int_equal(ends_that_should_not_be(&s), 0);
    assert_int_equal(ends_that_should_not_be(&c), 0);
    kit_close(&all.client);
    kit_close(&all.server);
    assert_int_equal(counts.opened, counts.closed);
    assert_true(grown <= 1.05);
}

static const struct CMUnitTest tests[] = {
    TEST(nothing_is_lost_and_nothing_grows),
};

HARNESS_MAIN(tests)
