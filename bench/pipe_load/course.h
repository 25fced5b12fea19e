/*
 * The course of a run: unmeasured at first, then measured, then ending. It holds what everything
 * that sends shares: options, payload, tallies and the clock of the schedule.
 */
#ifndef PIPE_LOAD_COURSE_H
#define PIPE_LOAD_COURSE_H

#include "options.h"
#include "payload.h"
#include "result.h"
#include "win.h"

typedef enum course_phase {
    COURSE_CONNECTING,
    COURSE_WARMING,
    COURSE_MEASURING,
    COURSE_ENDING,
} course_phase;

typedef struct course {
    const options *options;
    result *result;
    pp_port *port; /* NULL: none counts kernel calls */
    payload payload;
    tallies tallies;
    volatile LONG phase;    /* a course_phase */
    uint64_t began;         /* when the first message may leave */
    uint64_t measured_from; /* moments, both */
    volatile LONG64 alive;  /* clients or senders */
    HANDLE gone;            /* event: none is alive */
} course;

/* For so many that send, on so many threads at most. False: no memory, or no event. */
bool course_open(course *c, const options *o, result *r, uint64_t alive, unsigned threads);

/* The tallies stay: they are the result. Also one that was not opened, or in part. */
void course_close(course *c);

/* On schedule: when message `number` of all should leave. */
uint64_t course_moment(const course *c, uint64_t number);

/* One of those that were alive is no more. */
void course_note_over(course *c);

/* Lets the first messages leave by `start`, and measures. Without a warm-up everything is measured,
 * from the first message on. False: `error` says why nothing was. */
bool course_measure(course *c, bool (*start)(void *user), void *user, char error[OPTIONS_ERROR]);

#endif
