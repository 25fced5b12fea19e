/*
 * A dialler opens a name for a connection that has no handle yet. While the name is absent, or
 * clients use every instance, the dialler retries and backs off, up to its deadline. (Waiting in
 * Windows instead has drawbacks: WaitNamedPipe blocks a thread, a wait by FSCTL_PIPE_WAIT could not
 * be cancelled, and neither reserves an instance.) To open a name on another machine may block for
 * as long as the network likes, so a thread of the process's pool does it.
 *
 * The rule. A dialler belongs to its connection's turn, except an attempt that is under way on a
 * thread of the pool: dialler.c has the rule of that.
 */
#ifndef PP_PIPE_DIALLER_H
#define PP_PIPE_DIALLER_H

#include "iocp/port.h"
#include "pipe/open.h"

typedef struct dialler dialler;

typedef enum dialler_step {
    DIALLER_WAITS,
    DIALLER_OPENED, /* `handle` is the caller's */
    DIALLER_FAILED  /* for `status` */
} dialler_step;

typedef struct dialler_result {
    dialler_step step;
    HANDLE handle;
    pp_status status;
} dialler_result;

/* For a request that open_prepare has checked; the dialler copies it. It raises `opened` for the
 * strand when an attempt on another thread has ended. `timeout_ms` 0: one try. NULL: no memory. */
dialler *dialler_new(const open_request *request, uint64_t timeout_ms, strand *s, LONG opened);

/* Tries, if it is time to. */
dialler_result dialler_advance(dialler *d);

/* After the event: takes the attempt's result. `wanted` false: closes what the attempt opened. */
dialler_result dialler_take(dialler *d, bool wanted);

/* When to call dialler_advance again, by clock_ms. */
uint64_t dialler_deadline(const dialler *d);

/* The connection ends. False: an attempt has ended, and the turn must take its event first. */
bool dialler_leave(dialler *d);

/* After dialler_leave, or once it has opened or failed. NULL is allowed. */
void dialler_free(dialler *d);

#endif
