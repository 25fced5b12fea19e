#include "load.h"

#include "client.h"
#include "interrupt.h"
#include "moment.h"
#include "progress.h"
#include "schedule.h"
#include "text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LOAD__DIALS_AT_ONCE 64 /* more would only find every instance taken */
#define LOAD__DIAL_MS 30000    /* a name may still be on its way */
#define LOAD__SILENT_MS 900    /* nobody has connected for so long: somebody may wonder */
#define LOAD__DRAIN_MS 10000   /* of a graceful close */
#define LOAD__SILENCE_S 5.0    /* no reply for so long: those outstanding are lost */
#define LOAD__PATIENCE 6       /* times that, while replies still come */
#define LOAD__MOST_MARK (256ull << 20)
#define LOAD__MOST_BUFFERED (64ull << 30)
#define LOAD__MOST_LANES (4ull << 30)

typedef struct load {
    course course;
    client_watcher watcher;
    schedule schedule;
    client *clients;
    uint64_t *times; /* all clients' */

    volatile LONG64 dialled, open;
    HANDLE connected;      /* event: all are open, or one cannot be */
    volatile LONG refused; /* one cannot be opened */
    char refusal[RESULT_TEXT];
    pp_status refusal_status;
} load;

/* ---- Connecting ----------------------------------------------------------------------------- */

static void load__refuse(load *l, unsigned index, pp_status status, const char *text)
{
    if (InterlockedExchange(&l->refused, 1) == 0) {
        snprintf(l->refusal, sizeof l->refusal, "client %u cannot connect: %s", index, text);
        l->refusal_status = status;
    }
    SetEvent(l->connected);
}

/* A client's connection has ended before it opened. */
static void load__note_refusal(void *user, unsigned index, pp_status reason)
{
    load__refuse(user, index, PP_E_SYSTEM, pp_status_text(reason));
}

/* One-way, the queue is what is outstanding. */
static uint64_t load__high_mark(const options *o)
{
    uint64_t mark = o->one_way ? o->depth * (o->size + 4) : LOAD__MOST_MARK;

    return mark < LOAD__MOST_MARK ? mark : LOAD__MOST_MARK;
}

/* Dials the next client, if one is left. */
static void load__dial_next(load *l)
{
    const options *o = l->course.options;
    uint64_t number = (uint64_t)InterlockedIncrement64(&l->dialled) - 1;
    pp_dial_options dial;
    pp_status status;
    pp_error error;

    if (number >= o->clients)
        return;
    pp_dial_options_init(&dial);
    dial.name = o->pipe;
    dial.timeout_ms = LOAD__DIAL_MS;
    dial.conn.mode = o->mode;
    dial.conn.lane = o->lane;
    dial.conn.drain_timeout_ms = LOAD__DRAIN_MS;
    dial.conn.handlers = client_handlers;
    dial.conn.user = &l->clients[number];
    if (o->size > dial.conn.max_message)
        dial.conn.max_message = o->size;
    dial.conn.high_mark = load__high_mark(o);
    status = pp_dial(l->course.port, &dial, &l->clients[number].conn, &error);
    if (status != PP_OK)
        load__refuse(l, (unsigned)number, status, error.message);
}

static void load__note_open(void *user)
{
    load *l = user;

    load__dial_next(l);
    if ((uint64_t)InterlockedIncrement64(&l->open) == l->course.options->clients)
        SetEvent(l->connected);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static bool load__open_port(load *l, const options *o, result *r, char error[OPTIONS_ERROR])
{
    pp_port_options port;
    pp_stats stats;
    pp_error why;

    pp_port_options_init(&port);
    port.workers = o->workers;
    port.max_buffered = LOAD__MOST_BUFFERED; /* what is in flight has its own limit */
    port.max_lane_bytes = LOAD__MOST_LANES;  /* the server's limit counts */
    if (pp_port_open(&l->course.port, &port, &why) != PP_OK) {
        snprintf(error, OPTIONS_ERROR, "%s", why.message);
        return false;
    }
    pp_port_stats(l->course.port, &stats);
    r->workers = stats.workers;
    return true;
}

static bool load__open_clients(load *l, const options *o)
{
    bool rings = o->rate <= 0 && !o->one_way;

    l->clients = calloc((size_t)o->clients, sizeof *l->clients);
    if (rings)
        l->times = calloc((size_t)(o->clients * o->depth), sizeof *l->times);
    if (!l->clients || (rings && !l->times))
        return false;
    l->watcher = (client_watcher){load__note_open, load__note_refusal, l};
    for (uint64_t i = 0; i < o->clients; i++) {
        client *c = &l->clients[i];

        c->course = &l->course;
        c->watcher = &l->watcher;
        c->index = (unsigned)i;
        InitializeSRWLock(&c->lock);
        if (rings)
            c->times = l->times + i * o->depth;
    }
    return true;
}

static bool load__open(load *l, const options *o, result *r, char error[OPTIONS_ERROR])
{
    if (!load__open_port(l, o, r, error))
        return false;
    l->connected = CreateEventW(NULL, TRUE, FALSE, NULL);
    /* The workers, this thread, and the schedule's. */
    if (course_open(&l->course, o, r, o->clients, (unsigned)r->workers + 2) &&
        load__open_clients(l, o) && l->connected)
        return true;
    snprintf(error, OPTIONS_ERROR, "no memory for %" PRIu64 " clients of depth %" PRIu64,
             o->clients, o->depth);
    return false;
}

static void load__close(load *l)
{
    if (l->course.port) {
        pp_port_abort(l->course.port);
        pp_port_wait(l->course.port);
    }
    for (uint64_t i = 0; l->clients && i < l->course.options->clients; i++)
        pp_conn_unref(&l->clients[i].conn);
    if (l->course.port)
        pp_port_close(&l->course.port);
    free(l->clients);
    free(l->times);
    course_close(&l->course);
    if (l->connected)
        CloseHandle(l->connected);
}

/* ---- The phases ----------------------------------------------------------------------------- */

static void load__say_waiting(const load *l)
{
    fprintf(stderr,
            "pipe_load: waiting for %s: %llu of %llu clients are connected; each tries for %d s\n",
            text_shorten(l->course.options->pipe).text, (unsigned long long)l->open,
            (unsigned long long)l->course.options->clients, LOAD__DIAL_MS / 1000);
    fflush(stderr);
}

/* Waits until all are open, or one cannot be. False: Ctrl-C. When nothing happens it says so,
 * once. */
static bool load__wait_connected(load *l)
{
    HANDLE events[] = {l->connected, interrupt_event()};
    bool said = l->course.options->quiet;
    LONG64 open = 0;
    DWORD came;

    while ((came = WaitForMultipleObjects(2, events, FALSE, LOAD__SILENT_MS)) == WAIT_TIMEOUT) {
        if (l->open == open && !said) {
            load__say_waiting(l);
            said = true;
        }
        open = l->open;
    }
    return came == WAIT_OBJECT_0;
}

static bool load__connect(load *l, char error[OPTIONS_ERROR])
{
    uint64_t began = moment_now();

    for (int i = 0; i < LOAD__DIALS_AT_ONCE; i++)
        load__dial_next(l);
    if (!load__wait_connected(l)) {
        snprintf(error, OPTIONS_ERROR, "interrupted before every client was connected");
        return false;
    }
    l->course.result->connect_s = (double)(moment_now() - began) / (double)MOMENT_SECOND;
    if (l->refused)
        snprintf(error, OPTIONS_ERROR, "%s: %s", text_shorten(l->course.options->pipe).text,
                 l->refusal);
    return !l->refused;
}

static void load__note_due(void *user, uint64_t number)
{
    load *l = user;

    client_add_due(&l->clients[number % l->course.options->clients]);
}

/* Lets the first messages leave. */
static bool load__start(void *user)
{
    load *l = user;

    if (l->course.options->rate > 0)
        return schedule_start(&l->schedule, &l->course, load__note_due, l);
    for (uint64_t i = 0; i < l->course.options->clients; i++)
        client_start(&l->clients[i]);
    return true;
}

/* Each client is counted once: that its connection is then aborted is no second error. */
static void load__note_missing(load *l, bool late, int rounds)
{
    for (uint64_t i = 0; i < l->course.options->clients; i++)
        if (client_waits(&l->clients[i]) && late)
            trouble_note(&l->course.result->trouble,
                         "client %u: its replies were late, and still came %.0f s after the end",
                         (unsigned)i, rounds * LOAD__SILENCE_S);
        else if (client_waits(&l->clients[i]))
            trouble_note(&l->course.result->trouble, "client %u: replies are missing", (unsigned)i);
}

/* Waits until every connection has closed, as long as replies still come, within reason. After
 * Ctrl-C nobody waits. */
static void load__drain(load *l)
{
    uint64_t seen;
    int rounds = 0;
    bool gone;

    for (uint64_t i = 0; i < l->course.options->clients; i++)
        client_finish(&l->clients[i]);
    do {
        seen = tallies_replies(&l->course.tallies);
        gone = progress_wait(l->course.options, l->course.gone, LOAD__SILENCE_S, "ending",
                             &l->course.tallies);
        rounds++;
        /* One-way there are none: each close has its own deadline. */
    } while (!gone && !interrupt_came() &&
             (l->course.options->one_way || tallies_replies(&l->course.tallies) != seen) &&
             rounds < LOAD__PATIENCE);
    if (!gone && !interrupt_came())
        load__note_missing(l, tallies_replies(&l->course.tallies) != seen, rounds);
}

bool load_run(const options *o, result *r, char error[OPTIONS_ERROR], bool *wrong_argument)
{
    load l = {0};
    bool ok = load__open(&l, o, r, error) && load__connect(&l, error) &&
              course_measure(&l.course, load__start, &l, error);

    InterlockedExchange(&l.course.phase, COURSE_ENDING);
    schedule_stop(&l.schedule);
    if (ok)
        load__drain(&l);
    *wrong_argument = l.refusal_status == PP_E_ARGUMENT;
    load__close(&l);
    if (ok)
        r->tally = tallies_merge(&l.course.tallies);
    return ok;
}
