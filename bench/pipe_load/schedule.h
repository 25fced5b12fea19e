/*
 * The open loop: a thread that lets messages leave when their time has come, whether or not replies
 * have.
 */
#ifndef PIPE_LOAD_SCHEDULE_H
#define PIPE_LOAD_SCHEDULE_H

#include "load.h"

typedef struct schedule {
    load *load;
    HANDLE thread, timer, stop;
} schedule;

/* False: the system refuses a thread, a timer or an event. */
bool schedule_start(schedule *s, load *l);

/* Ends the thread; also one that was not started. */
void schedule_stop(schedule *s);

#endif
