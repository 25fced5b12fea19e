/*
 * The open loop: a thread that lets messages leave when their time has come, whether or not replies
 * have.
 */
#ifndef PIPE_LOAD_SCHEDULE_H
#define PIPE_LOAD_SCHEDULE_H

#include "course.h"

typedef struct schedule {
    const course *course;
    void (*due)(void *user, uint64_t number);
    void *user;
    HANDLE thread, timer, stop;
} schedule;

/* Calls `due` on a thread of its own when the moment of each message has come. False: the system
 * refuses a thread, a timer or an event. */
bool schedule_start(schedule *s, const course *c, void (*due)(void *user, uint64_t number),
                    void *user);

/* Ends the thread; also one that was not started. */
void schedule_stop(schedule *s);

#endif
