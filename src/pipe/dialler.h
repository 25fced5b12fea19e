/*
 * A dialler opens a name for a connection that has no handle yet. While the name is absent or every
 * instance taken, it tries again, backing off, up to its deadline. (Waiting in Windows instead,
 * with WaitNamedPipe or FSCTL_PIPE_WAIT, would block a thread or could not be cancelled, and
 * reserves nothing.) A name on another machine, whose opening blocks for as long as the network
 * likes, is opened by a thread of the process's pool.
 *
 * The rule. It belongs to its connection's turn, except an attempt that is under way on a thread of
 * the pool: dialler.c has its rule.
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

/* For a request that open_prepare checked, of which it keeps a copy. NULL: no memory. `opened` is
 * raised for the strand when an attempt on another thread has ended. `timeout_ms` 0: one try. */
dialler *dialler_new(const open_request *request, uint64_t timeout_ms, strand *s, LONG opened);

/* Tries, if it is time for that. */
dialler_result dialler_advance(dialler *d);

/* After the event: takes the attempt's result. `wanted` false: closes what it opened. */
dialler_result dialler_take(dialler *d, bool wanted);

/* By clock_ms: when dialler_advance should be called again. */
uint64_t dialler_deadline(const dialler *d);

/* The connection ends. False: an attempt has ended, and its event has to be taken first. */
bool dialler_leave(dialler *d);

/* After dialler_leave, or when it has opened or failed. NULL is allowed. */
void dialler_free(dialler *d);

#endif
