/*
 * Every schedule: small scenarios of two to four events at once on the library's own code, and for
 * each of them all orders in which Windows may run their threads, up to a number of preemptions.
 */
#ifndef SIM_ALL_H
#define SIM_ALL_H

#include "sim.h"

typedef struct all_scenario {
    const char *name;
    const char *holds; /* what is asserted */
    void (*world)(void *context);
    unsigned preemptions, longer; /* at most so many; with --long */
    unsigned draws;               /* at most so many that do not give the usual */
    bool coarse;                  /* points at calls into the system alone */
} all_scenario;

typedef struct all_table {
    const all_scenario *rows;
    size_t count;
} all_table;

extern const all_table all_small, all_rooms, all_pipes, all_lane;

/* An event: a thread of its own, of the server's process unless another is named. */
typedef struct all_event {
    LPTHREAD_START_ROUTINE run;
    void *argument;
    const sim_process *process;
} all_event;

/* Runs them at once, in every order, until each has returned and all_calm was called. */
void all_at_once(const all_event *events, unsigned count);

/* What the events are about is over: the order of what follows is of no account. */
void all_calm(void);

/* Words and locks from here on that one thread alone uses, or that only count: no points. */
void all_quiet(const volatile void *from, size_t size);

/* Fails the schedule unless it is so. */
void all_expect(bool so, const char *what);

/* Runs the scenario of a name, or all; traces the schedule of a number. The exit status. */
int all_main(const char *name, bool longer, uint64_t traced);

#endif
