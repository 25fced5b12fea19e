/*
 * Functions that users post to the port or set a timer for. Each is called exactly once.
 */
#ifndef PP_IOCP_TASK_H
#define PP_IOCP_TASK_H

#include "base/list.h"
#include "base/win.h"

#include <stdint.h>

typedef struct tasks {
    SRWLOCK lock; /* for what follows */
    list delayed; /* tasks that wait for their timer, to be found by id */
} tasks;

void tasks_init(tasks *t);

#endif
