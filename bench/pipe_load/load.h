/*
 * A run over a pipe: all clients connect, then messages flow, at first unmeasured, then measured,
 * and then the outstanding replies are waited for.
 */
#ifndef PIPE_LOAD_LOAD_H
#define PIPE_LOAD_LOAD_H

#include "client.h"
#include "options.h"
#include "payload.h"
#include "result.h"
#include "win.h"

typedef enum load_phase { LOAD_CONNECTING, LOAD_WARMING, LOAD_MEASURING, LOAD_ENDING } load_phase;

typedef struct load {
    const options *options;
    result *result;
    pp_port *port;
    payload payload;
    tallies tallies;
    client *clients;
    uint64_t *times; /* all clients' */
    uint64_t client_count, depth;
    volatile LONG phase; /* a load_phase */
    uint64_t began;      /* when the first message may leave */
    uint64_t measured_from;

    volatile LONG64 dialled, open, alive;
    HANDLE connected, gone; /* events: all are open, or one cannot be; all are over */
    volatile LONG refused;  /* one cannot be opened */
    char refusal[RESULT_TEXT];
    pp_status refusal_status;
} load;

/* True: there is a result. False: `error` says why it could not begin, and `wrong_argument` whether
 * that is for an argument. */
bool load_run(const options *o, result *r, char error[OPTIONS_ERROR], bool *wrong_argument);

/* Open loop: when message `number` of all should leave. */
uint64_t load_moment(const load *l, uint64_t number);

/* What clients report. */
void load_note_open(load *l);
void load_note_refusal(load *l, const client *c, pp_status reason);
void load_note_error(load *l, const client *c, pp_status reason);
void load_note_over(load *l);

#endif
