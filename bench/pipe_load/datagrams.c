#include "datagrams.h"

#include "interrupt.h"
#include "moment.h"
#include "payload.h"
#include "pipeport.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>

#define DATAGRAMS__END_MS 5000 /* how long a send may still block at the end */

struct datagrams;

typedef struct datagrams__worker {
    struct datagrams *run;
    HANDLE thread, timer;
    unsigned index;
} datagrams__worker;

typedef struct datagrams {
    const options *options;
    result *result;
    payload payload;
    tallies tallies;
    pp_sender **senders;
    unsigned sender_count, worker_count;
    datagrams__worker *workers;
    HANDLE stop, gone; /* events: to end; every sender has failed */
    volatile LONG measuring, ending, alive;
    uint64_t began;
} datagrams;

/* ---- Sending -------------------------------------------------------------------------------- */

/* On schedule: when the worker's datagram should leave; the workers take turns. */
static uint64_t datagrams__moment(const datagrams__worker *w, uint64_t number)
{
    const datagrams *d = w->run;
    double all = (double)(number * d->worker_count + w->index);

    return d->began + (uint64_t)(all * (double)MOMENT_SECOND / d->options->rate);
}

static void datagrams__fail(datagrams *d, unsigned sender, pp_status status)
{
    trouble_note(&d->result->trouble, "sender %u: %s", sender, pp_status_text(status));
    pp_sender_close(&d->senders[sender]);
    if (InterlockedDecrement(&d->alive) == 0)
        SetEvent(d->gone);
}

static void datagrams__send(datagrams__worker *w, unsigned sender, uint64_t number)
{
    datagrams *d = w->run;
    tally *t = tally_here(&d->tallies);
    uint64_t left = moment_now(), began = left, now;
    pp_status status;

    if (d->options->rate > 0) {
        began = datagrams__moment(w, number);
        if (d->measuring)
            histogram_record(&t->lateness, left > began ? left - began : 0);
    }
    status = pp_sender_send(d->senders[sender], payload_message(&d->payload, sender, number),
                            d->payload.size);
    now = moment_now();
    if (status != PP_OK) {
        datagrams__fail(d, sender, status);
        return;
    }
    t->replies++;
    if (!d->measuring)
        return;
    t->messages++;
    histogram_record(&t->latency, now > began ? now - began : 0);
}

/* The worker's next sender that has not failed, or sender_count. */
static unsigned datagrams__next_sender(const datagrams__worker *w, unsigned sender)
{
    const datagrams *d = w->run;
    unsigned mine = (d->sender_count - w->index + d->worker_count - 1) / d->worker_count;

    for (unsigned tries = 0; tries < mine; tries++) {
        sender += d->worker_count;
        if (sender >= d->sender_count)
            sender = w->index;
        if (d->senders[sender])
            return sender;
    }
    return d->sender_count;
}

static DWORD WINAPI datagrams__main(void *argument)
{
    datagrams__worker *w = argument;
    datagrams *d = w->run;
    unsigned sender = w->index;

    for (uint64_t number = 0; sender < d->sender_count; number++) {
        if (d->options->rate > 0 && !moment_wait(w->timer, datagrams__moment(w, number), d->stop))
            break;
        if (d->ending)
            break;
        datagrams__send(w, sender, number);
        sender = datagrams__next_sender(w, sender);
    }
    return 0;
}

/* ---- Opening and closing -------------------------------------------------------------------- */

/* A process in several groups of processors has no mask. */
static unsigned datagrams__processors(void)
{
    DWORD_PTR ours, all;
    unsigned count = 0;

    if (GetProcessAffinityMask(GetCurrentProcess(), &ours, &all))
        for (; ours != 0; ours &= ours - 1)
            count++;
    return count > 0 ? count : GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
}

static bool datagrams__open(datagrams *d, char error[OPTIONS_ERROR])
{
    unsigned workers = (unsigned)d->options->workers;

    d->sender_count = (unsigned)d->options->clients;
    d->worker_count = workers ? workers : datagrams__processors();
    if (d->worker_count > d->sender_count)
        d->worker_count = d->sender_count;
    d->senders = calloc(d->sender_count, sizeof(pp_sender *));
    d->workers = calloc(d->worker_count, sizeof *d->workers);
    d->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    d->gone = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (tallies_open(&d->tallies, d->worker_count) &&
        payload_open(&d->payload, (size_t)d->options->size) && d->senders && d->workers &&
        d->stop && d->gone)
        return true;
    snprintf(error, OPTIONS_ERROR, "no memory for %u senders", d->sender_count);
    return false;
}

static bool datagrams__connect(datagrams *d, char error[OPTIONS_ERROR], bool *wrong_argument)
{
    uint64_t began = moment_now();
    pp_error why;

    for (unsigned i = 0; i < d->sender_count; i++) {
        pp_status status = pp_sender_open(&d->senders[i], d->options->mailslot, &why);

        if (status != PP_OK) {
            snprintf(error, OPTIONS_ERROR, "sender %u: %s", i, why.message);
            *wrong_argument = status == PP_E_ARGUMENT;
            return false;
        }
    }
    d->alive = (LONG)d->sender_count;
    d->result->connect_s = (double)(moment_now() - began) / (double)MOMENT_SECOND;
    return true;
}

static bool datagrams__start(datagrams *d, char error[OPTIONS_ERROR])
{
    d->began = moment_now();
    for (unsigned i = 0; i < d->worker_count; i++) {
        datagrams__worker *w = &d->workers[i];

        w->run = d;
        w->index = i;
        w->timer = moment_timer_open();
        if (w->timer)
            w->thread = CreateThread(NULL, 0, datagrams__main, w, 0, NULL);
        if (w->thread)
            continue;
        snprintf(error, OPTIONS_ERROR, "a thread or a timer cannot be made");
        return false;
    }
    return true;
}

/* Ends the workers. False: one still blocks in a send, and nothing can be freed. */
static bool datagrams__stop(datagrams *d)
{
    uint64_t end = moment_now() + DATAGRAMS__END_MS * (MOMENT_SECOND / 1000);
    bool all = true;

    InterlockedExchange(&d->ending, 1);
    SetEvent(d->stop);
    for (unsigned i = 0; i < d->worker_count && d->workers[i].thread; i++) {
        uint64_t now = moment_now();
        DWORD wait = now < end ? (DWORD)((end - now) / (MOMENT_SECOND / 1000)) : 0;

        if (WaitForSingleObject(d->workers[i].thread, wait) != WAIT_OBJECT_0) {
            trouble_note(&d->result->trouble,
                         "worker %u still waits for the slot to take a datagram", i);
            all = false;
        }
    }
    return all;
}

static void datagrams__close(datagrams *d)
{
    for (unsigned i = 0; d->workers && i < d->worker_count; i++) {
        if (d->workers[i].thread)
            CloseHandle(d->workers[i].thread);
        if (d->workers[i].timer)
            CloseHandle(d->workers[i].timer);
    }
    for (unsigned i = 0; d->senders && i < d->sender_count; i++)
        if (d->senders[i])
            pp_sender_close(&d->senders[i]);
    free(d->workers);
    free(d->senders);
    payload_close(&d->payload);
    if (d->stop)
        CloseHandle(d->stop);
    if (d->gone)
        CloseHandle(d->gone);
}

/* ---- The run -------------------------------------------------------------------------------- */

/* Without a warm-up everything is measured, from the first datagram on. */
static bool datagrams__measure(datagrams *d, char error[OPTIONS_ERROR])
{
    const options *o = d->options;
    uint64_t began = moment_now();

    InterlockedExchange(&d->measuring, o->warmup <= 0);
    if (!datagrams__start(d, error))
        return false;
    if (o->warmup > 0) {
        progress_wait(o, d->gone, o->warmup, "warming up", &d->tallies);
        if (interrupt_came()) {
            snprintf(error, OPTIONS_ERROR, "interrupted before anything was measured");
            return false;
        }
        began = moment_now();
        InterlockedExchange(&d->measuring, 1);
    }
    progress_wait(o, d->gone, o->duration, "measuring", &d->tallies);
    InterlockedExchange(&d->measuring, 0);
    d->result->duration_s = (double)(moment_now() - began) / (double)MOMENT_SECOND;
    return true;
}

bool datagrams_run(const options *o, result *r, char error[OPTIONS_ERROR], bool *wrong_argument)
{
    /* A worker that still blocks keeps using it after the end, so it is not on the stack. */
    static datagrams d;
    bool ok;

    d = (datagrams){.options = o, .result = r};
    ok = datagrams__open(&d, error) && datagrams__connect(&d, error, wrong_argument) &&
         datagrams__measure(&d, error);
    if (d.workers && d.stop && datagrams__stop(&d))
        datagrams__close(&d);
    if (ok) {
        r->workers = d.worker_count;
        r->tally = tallies_merge(&d.tallies);
        r->kernel_write = r->tally->messages; /* a sender's write is one call, and is on no port */
    }
    return ok;
}
