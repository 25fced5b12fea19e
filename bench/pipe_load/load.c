#include "load.h"

#include "interrupt.h"
#include "moment.h"
#include "progress.h"
#include "schedule.h"
#include "text.h"

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

/* ---- What clients report -------------------------------------------------------------------- */

void load_note_error(load *l, const client *c, pp_status reason)
{
    trouble_note(&l->result->trouble, "client %u: %s", c->index, pp_status_text(reason));
}

static void load__refuse(load *l, unsigned client_index, pp_status status, const char *text)
{
    if (InterlockedExchange(&l->refused, 1) == 0) {
        snprintf(l->refusal, sizeof l->refusal, "client %u cannot connect: %s", client_index, text);
        l->refusal_status = status;
    }
    SetEvent(l->connected);
}

void load_note_refusal(load *l, const client *c, pp_status reason)
{
    load__refuse(l, c->index, PP_E_SYSTEM, pp_status_text(reason));
}

/* Dials the next client, if there is one. */
static void load__dial_next(load *l)
{
    uint64_t number = (uint64_t)InterlockedIncrement64(&l->dialled) - 1;
    pp_dial_options dial;
    pp_status status;
    pp_error error;

    if (number >= l->client_count)
        return;
    pp_dial_options_init(&dial);
    dial.name = l->options->pipe;
    dial.timeout_ms = LOAD__DIAL_MS;
    dial.conn.mode = l->options->mode;
    dial.conn.drain_timeout_ms = LOAD__DRAIN_MS;
    dial.conn.handlers = client_handlers;
    dial.conn.user = &l->clients[number];
    if (l->payload.size > dial.conn.max_message)
        dial.conn.max_message = l->payload.size;
    /* One-way, the queue is what is outstanding. */
    dial.conn.high_mark = l->options->one_way ? l->depth * (l->payload.size + 4) : LOAD__MOST_MARK;
    if (dial.conn.high_mark > LOAD__MOST_MARK)
        dial.conn.high_mark = LOAD__MOST_MARK;
    status = pp_dial(l->port, &dial, &l->clients[number].conn, &error);
    if (status != PP_OK)
        load__refuse(l, (unsigned)number, status, error.message);
}

void load_note_open(load *l)
{
    load__dial_next(l);
    if ((uint64_t)InterlockedIncrement64(&l->open) == l->client_count)
        SetEvent(l->connected);
}

void load_note_over(load *l)
{
    if (InterlockedDecrement64(&l->alive) == 0)
        SetEvent(l->gone);
}

uint64_t load_moment(const load *l, uint64_t number)
{
    return l->began + (uint64_t)((double)number * (double)MOMENT_SECOND / l->options->rate);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static bool load__open_port(load *l, char error[OPTIONS_ERROR])
{
    pp_port_options port;
    pp_stats stats;
    pp_error why;

    pp_port_options_init(&port);
    port.workers = (uint64_t)l->options->workers;
    port.max_buffered = LOAD__MOST_BUFFERED; /* what is in flight has its own limit */
    if (pp_port_open(&l->port, &port, &why) != PP_OK) {
        snprintf(error, OPTIONS_ERROR, "%s", why.message);
        return false;
    }
    pp_port_stats(l->port, &stats);
    l->result->workers = stats.workers;
    return true;
}

static bool load__open(load *l, char error[OPTIONS_ERROR])
{
    bool rings = l->options->rate <= 0 && !l->options->one_way;

    if (!load__open_port(l, error))
        return false;
    l->connected = CreateEventW(NULL, TRUE, FALSE, NULL);
    l->gone = CreateEventW(NULL, TRUE, FALSE, NULL);
    l->clients = calloc((size_t)l->client_count, sizeof *l->clients);
    if (rings)
        l->times = calloc((size_t)(l->client_count * l->depth), sizeof *l->times);
    /* The workers, this thread, and the schedule's. */
    if (!tallies_open(&l->tallies, (unsigned)l->result->workers + 2) ||
        !payload_open(&l->payload, (size_t)l->options->size) || !l->clients ||
        (rings && !l->times) || !l->connected || !l->gone) {
        snprintf(error, OPTIONS_ERROR, "no memory for %.0f clients of depth %.0f",
                 l->options->clients, l->options->depth);
        return false;
    }
    for (uint64_t i = 0; i < l->client_count; i++) {
        client *c = &l->clients[i];

        c->load = l;
        c->index = (unsigned)i;
        InitializeSRWLock(&c->lock);
        if (rings)
            c->times = l->times + i * l->depth;
    }
    return true;
}

/* The tallies stay: they are the result. */
static void load__close(load *l)
{
    if (l->port)
        pp_port_abort(l->port);
    if (l->port)
        pp_port_wait(l->port);
    for (uint64_t i = 0; l->clients && i < l->client_count; i++)
        pp_conn_unref(&l->clients[i].conn);
    if (l->port)
        pp_port_close(&l->port);
    free(l->clients);
    free(l->times);
    payload_close(&l->payload);
    if (l->connected)
        CloseHandle(l->connected);
    if (l->gone)
        CloseHandle(l->gone);
}

/* ---- The phases ----------------------------------------------------------------------------- */

static void load__say_waiting(const load *l)
{
    fprintf(stderr,
            "pipe_load: waiting for %s: %llu of %llu clients are connected; each tries for %d s\n",
            text_shorten(l->options->pipe).text, (unsigned long long)l->open,
            (unsigned long long)l->client_count, LOAD__DIAL_MS / 1000);
    fflush(stderr);
}

/* Waits until all are open, or one cannot be. False: Ctrl-C. When nothing happens it says so,
 * once. */
static bool load__wait_connected(load *l)
{
    HANDLE events[] = {l->connected, interrupt_event()};
    bool said = l->options->quiet;
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

    l->alive = (LONG64)l->client_count;
    for (int i = 0; i < LOAD__DIALS_AT_ONCE; i++)
        load__dial_next(l);
    if (!load__wait_connected(l)) {
        snprintf(error, OPTIONS_ERROR, "interrupted before every client was connected");
        return false;
    }
    l->result->connect_s = (double)(moment_now() - began) / (double)MOMENT_SECOND;
    if (l->refused)
        snprintf(error, OPTIONS_ERROR, "%s: %s", text_shorten(l->options->pipe).text, l->refusal);
    return !l->refused;
}

/* What is measured begins with this and ends with load__end. */
static void load__begin(load *l, pp_stats *before)
{
    pp_port_stats(l->port, before);
    l->measured_from = moment_now();
    InterlockedExchange(&l->phase, LOAD_MEASURING);
}

static void load__end(load *l, const pp_stats *before)
{
    result *r = l->result;
    pp_stats after;

    InterlockedExchange(&l->phase, LOAD_ENDING);
    r->duration_s = (double)(moment_now() - l->measured_from) / (double)MOMENT_SECOND;
    pp_port_stats(l->port, &after);
    r->kernel_read = after.kernel_reads - before->kernel_reads;
    r->kernel_write = after.kernel_writes - before->kernel_writes;
    r->kernel_dequeue = after.kernel_dequeues - before->kernel_dequeues;
    r->kernel_other = after.kernel_other - before->kernel_other;
    r->busy_retries = after.busy_retries;
}

/* Lets the first messages leave. */
static bool load__start(load *l, schedule *s)
{
    l->began = moment_now();
    if (l->options->rate > 0)
        return schedule_start(s, l);
    for (uint64_t i = 0; i < l->client_count; i++)
        client_start(&l->clients[i]);
    return true;
}

/* Without a warm-up everything is measured, from the first message on. */
static bool load__measure(load *l, schedule *s, char error[OPTIONS_ERROR])
{
    const options *o = l->options;
    pp_stats before;

    InterlockedExchange(&l->phase, LOAD_WARMING);
    if (o->warmup <= 0)
        load__begin(l, &before);
    if (!load__start(l, s)) {
        snprintf(error, OPTIONS_ERROR, "a thread or a timer cannot be made");
        return false;
    }
    if (o->warmup > 0) {
        progress_wait(o, l->gone, o->warmup, "warming up", &l->tallies);
        if (interrupt_came()) {
            snprintf(error, OPTIONS_ERROR, "interrupted before anything was measured");
            return false;
        }
        load__begin(l, &before);
    }
    progress_wait(o, l->gone, o->duration, "measuring", &l->tallies);
    load__end(l, &before);
    return true;
}

/* Each client is counted once: that its connection is then aborted is no second error. */
static void load__note_missing(load *l, bool late, int rounds)
{
    for (uint64_t i = 0; i < l->client_count; i++)
        if (client_waits(&l->clients[i]) && late)
            trouble_note(&l->result->trouble,
                         "client %u: its replies were late: %.0f s after the end some still came",
                         (unsigned)i, rounds * LOAD__SILENCE_S);
        else if (client_waits(&l->clients[i]))
            trouble_note(&l->result->trouble, "client %u: replies are missing", (unsigned)i);
}

/* Waits until every connection has closed, as long as replies still come, within reason. After
 * Ctrl-C nobody waits. */
static void load__drain(load *l)
{
    uint64_t seen;
    int rounds = 0;
    bool gone;

    for (uint64_t i = 0; i < l->client_count; i++)
        client_finish(&l->clients[i]);
    do {
        seen = tallies_replies(&l->tallies);
        gone = progress_wait(l->options, l->gone, LOAD__SILENCE_S, "ending", &l->tallies);
        rounds++;
        /* One-way there are none: each close has its own deadline. */
    } while (!gone && !interrupt_came() &&
             (l->options->one_way || tallies_replies(&l->tallies) != seen) &&
             rounds < LOAD__PATIENCE);
    if (!gone && !interrupt_came())
        load__note_missing(l, tallies_replies(&l->tallies) != seen, rounds);
}

bool load_run(const options *o, result *r, char error[OPTIONS_ERROR], bool *wrong_argument)
{
    load l = {.options = o,
              .result = r,
              .client_count = (uint64_t)o->clients,
              .depth = (uint64_t)o->depth};
    schedule s = {0};
    bool ok = load__open(&l, error) && load__connect(&l, error) && load__measure(&l, &s, error);

    InterlockedExchange(&l.phase, LOAD_ENDING);
    schedule_stop(&s);
    if (ok)
        load__drain(&l);
    *wrong_argument = l.refusal_status == PP_E_ARGUMENT;
    load__close(&l);
    if (ok)
        r->tally = tallies_merge(&l.tallies);
    return ok;
}
