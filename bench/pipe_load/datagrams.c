#include "datagrams.h"

#include "course.h"
#include "moment.h"

#include <assert.h>
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
    course course; /* `gone`: every sender has failed */
    pp_sender **senders;
    unsigned sender_count, worker_count;
    datagrams__worker *workers;
    HANDLE stop; /* event: to end */
} datagrams;

/* ---- Sending -------------------------------------------------------------------------------- */

/* On schedule: when the worker's datagram should leave; the workers take turns. */
static uint64_t datagrams__moment(const datagrams__worker *w, uint64_t number)
{
    const datagrams *d = w->run;

    return course_moment(&d->course, number * d->worker_count + w->index);
}

static void datagrams__fail(datagrams *d, unsigned sender, pp_status status)
{
    trouble_note(&d->course.result->trouble, "sender %u: %s", sender, pp_status_text(status));
    pp_sender_close(&d->senders[sender]);
    course_note_over(&d->course);
}

static void datagrams__send(datagrams__worker *w, unsigned sender, uint64_t number)
{
    datagrams *d = w->run;
    tally *t = tally_here(&d->course.tallies);
    uint64_t left = moment_now(), began = left, now;
    pp_status status;

    if (d->course.options->rate > 0) {
        began = datagrams__moment(w, number);
        if (d->course.phase == COURSE_MEASURING)
            histogram_record(&t->lateness, left > began ? left - began : 0);
    }
    status = pp_sender_send(d->senders[sender], payload_message(&d->course.payload, sender, number),
                            d->course.payload.size);
    now = moment_now();
    if (status != PP_OK) {
        datagrams__fail(d, sender, status);
        return;
    }
    t->replies++;
    if (d->course.phase != COURSE_MEASURING)
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
        if (d->course.options->rate > 0 &&
            !moment_wait(w->timer, datagrams__moment(w, number), d->stop))
            break;
        if (d->course.phase >= COURSE_ENDING)
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

static bool datagrams__open(datagrams *d, const options *o, result *r, char error[OPTIONS_ERROR])
{
    unsigned workers = (unsigned)o->workers;

    d->sender_count = (unsigned)o->clients;
    d->worker_count = workers ? workers : datagrams__processors();
    if (d->worker_count > d->sender_count)
        d->worker_count = d->sender_count;
    assert(d->sender_count > 0 && d->worker_count > 0);
    d->senders = calloc(d->sender_count, sizeof(pp_sender *));
    d->workers = calloc(d->worker_count, sizeof *d->workers);
    d->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (course_open(&d->course, o, r, d->sender_count, d->worker_count) && d->senders &&
        d->workers && d->stop)
        return true;
    snprintf(error, OPTIONS_ERROR, "no memory for %u senders", d->sender_count);
    return false;
}

static bool datagrams__connect(datagrams *d, char error[OPTIONS_ERROR], bool *wrong_argument)
{
    uint64_t began = moment_now();
    pp_error why;

    for (unsigned i = 0; i < d->sender_count; i++) {
        pp_status status = pp_sender_open(&d->senders[i], d->course.options->mailslot, &why);

        if (status != PP_OK) {
            snprintf(error, OPTIONS_ERROR, "sender %u: %s", i, why.message);
            *wrong_argument = status == PP_E_ARGUMENT;
            return false;
        }
    }
    d->course.result->connect_s = (double)(moment_now() - began) / (double)MOMENT_SECOND;
    return true;
}

static bool datagrams__start(void *user)
{
    datagrams *d = user;

    for (unsigned i = 0; i < d->worker_count; i++) {
        datagrams__worker *w = &d->workers[i];

        w->run = d;
        w->index = i;
        w->timer = moment_timer_open();
        if (w->timer)
            w->thread = CreateThread(NULL, 0, datagrams__main, w, 0, NULL);
        if (!w->thread)
            return false;
    }
    return true;
}

/* Ends the workers. False: one still blocks in a send, and nothing can be freed. */
static bool datagrams__stop(datagrams *d)
{
    uint64_t end = moment_now() + DATAGRAMS__END_MS * (MOMENT_SECOND / 1000);
    bool all = true;

    InterlockedExchange(&d->course.phase, COURSE_ENDING);
    SetEvent(d->stop);
    for (unsigned i = 0; i < d->worker_count && d->workers[i].thread; i++) {
        uint64_t now = moment_now();
        DWORD wait = now < end ? (DWORD)((end - now) / (MOMENT_SECOND / 1000)) : 0;

        if (WaitForSingleObject(d->workers[i].thread, wait) != WAIT_OBJECT_0) {
            trouble_note(&d->course.result->trouble,
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
    course_close(&d->course);
    if (d->stop)
        CloseHandle(d->stop);
}

/* ---- The run -------------------------------------------------------------------------------- */

bool datagrams_run(const options *o, result *r, char error[OPTIONS_ERROR], bool *wrong_argument)
{
    /* A worker that still blocks keeps using it after the end, so it is not on the stack. */
    static datagrams d;
    bool ok;

    d = (datagrams){0};
    ok = datagrams__open(&d, o, r, error) && datagrams__connect(&d, error, wrong_argument) &&
         course_measure(&d.course, datagrams__start, &d, error);
    if (d.workers && d.stop && datagrams__stop(&d))
        datagrams__close(&d);
    if (ok) {
        r->workers = d.worker_count;
        r->tally = tallies_merge(&d.course.tallies);
        r->kernel_write = r->tally->messages; /* a sender's write is one call, and is on no port */
    }
    return ok;
}
