#include "course.h"

#include "interrupt.h"
#include "moment.h"
#include "progress.h"

#include <stdio.h>

bool course_open(course *c, const options *o, result *r, uint64_t alive, unsigned threads)
{
    c->options = o;
    c->result = r;
    c->alive = (LONG64)alive;
    c->gone = CreateEventW(NULL, TRUE, FALSE, NULL);
    return tallies_open(&c->tallies, threads) && payload_open(&c->payload, (size_t)o->size) &&
           c->gone;
}

void course_close(course *c)
{
    payload_close(&c->payload);
    if (c->gone)
        CloseHandle(c->gone);
}

uint64_t course_moment(const course *c, uint64_t number)
{
    return c->began + (uint64_t)((double)number * (double)MOMENT_SECOND / c->options->rate);
}

void course_note_over(course *c)
{
    if (InterlockedDecrement64(&c->alive) == 0)
        SetEvent(c->gone);
}

/* ---- Measuring ------------------------------------------------------------------------------ */

static pp_stats course__stats(const course *c)
{
    pp_stats stats = {0};

    if (c->port)
        pp_port_stats(c->port, &stats);
    return stats;
}

/* What is measured begins with this and ends with course__end. */
static pp_stats course__begin(course *c)
{
    pp_stats stats = course__stats(c);

    c->measured_from = moment_now();
    InterlockedExchange(&c->phase, COURSE_MEASURING);
    return stats;
}

static void course__end(course *c, const pp_stats *before)
{
    result *r = c->result;
    pp_stats after;

    InterlockedExchange(&c->phase, COURSE_ENDING);
    r->duration_s = (double)(moment_now() - c->measured_from) / (double)MOMENT_SECOND;
    after = course__stats(c);
    r->kernel_read = after.kernel_reads - before->kernel_reads;
    r->kernel_write = after.kernel_writes - before->kernel_writes;
    r->kernel_dequeue = after.kernel_dequeues - before->kernel_dequeues;
    r->kernel_other = after.kernel_other - before->kernel_other;
    r->busy_retries = after.busy_retries;
    r->lanes = after.lanes_now;
    r->lane_bells = after.lane_bells - before->lane_bells;
}

bool course_measure(course *c, bool (*start)(void *user), void *user, char error[OPTIONS_ERROR])
{
    const options *o = c->options;
    bool warms_up = o->warmup > 0;
    pp_stats before;

    InterlockedExchange(&c->phase, COURSE_WARMING);
    if (!warms_up)
        before = course__begin(c);
    c->began = moment_now();
    if (!start(user)) {
        snprintf(error, OPTIONS_ERROR, "Windows refuses a thread or a timer");
        return false;
    }
    if (warms_up) {
        progress_wait(o, c->gone, o->warmup, "warming up", &c->tallies);
        if (interrupt_came()) {
            snprintf(error, OPTIONS_ERROR, "interrupted before anything was measured");
            return false;
        }
        before = course__begin(c);
    }
    progress_wait(o, c->gone, o->duration, "measuring", &c->tallies);
    course__end(c, &before);
    return true;
}
