/*
 * Functions that users post to the port or set a timer for. Each is called exactly once.
 */
#ifndef PP_IOCP_TASK_H
#define PP_IOCP_TASK_H

#include "base/win.h"

#include <stddef.h>

#define TASKS_FEW 64

struct task;

/* The tasks that wait for their timer, to be found by id: a hash table with as many chains as it
 * has held tasks at once. */
typedef struct tasks {
    SRWLOCK lock;         /* for what follows */
    struct task **chains; /* a power of two */
    size_t chain_count, count;
    struct task *few[TASKS_FEW]; /* the first chains */
} tasks;

void tasks_init(tasks *t);
void tasks_free(tasks *t);

#endif
