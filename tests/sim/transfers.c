/*
 * Reading and writing named pipes: quotas, boundaries of messages, and operations that pend.
 * Whether an operation that can end does so at once, or is said to be pending and ends by a packet,
 * is left open by Windows, and drawn.
 */
#include "pipes.h"

#include <stdlib.h>
#include <string.h>

/* ---- Operations ----------------------------------------------------------------------------- */

pipe_end *pipes_look(HANDLE handle)
{
    sim_point();
    return (pipe_end *)sim_look(handle, SIM_PIPE);
}

pipe_end *pipes_other(const pipe_end *e)
{
    return e->server ? e->instance->client : e->instance->serving;
}

void pipes_append(pipe_op **list, pipe_op *op)
{
    while (*list)
        list = &(*list)->next;
    op->next = NULL;
    *list = op;
}

/* An operation that is pending ends. */
void pipes_end(pipe_end *e, pipe_op **place, NTSTATUS status, DWORD bytes)
{
    pipe_op *op = *place;

    *place = op->next;
    if (op->o)
        sim_complete(&e->target, op->o, status, bytes);
    else {
        *op->sync = (pipe_sync){status, bytes, true};
        sim_wake(op->sync);
    }
    free(op);
}

/* The write of these bytes, which has not ended yet, does. */
static void pipes__end_write(pipe_end *from, pipe_data *d)
{
    pipe_op **place = &from->writes;

    while (*place != d->write)
        place = &(*place)->next;
    d->write = NULL;
    pipes_end(from, place, 0, (*place)->size);
}

/* How many bytes of the queue to an end are beyond what its quota holds: those writes pend. */
static size_t pipes__held(const pipe_end *to)
{
    size_t held = 0;

    for (const pipe_data *d = to->first; d; d = d->next)
        held += d->size - d->start;
    return held;
}

static void pipes__settle_writes(pipe_end *to)
{
    pipe_end *from = pipes_other(to);
    size_t held = 0;

    for (pipe_data *d = to->first; d; d = d->next) {
        held += d->size - d->start;
        if (d->write && held <= to->quota)
            pipes__end_write(from, d);
    }
}

static void pipes__drop_first(pipe_end *to)
{
    pipe_data *d = to->first;

    to->first = d->next;
    if (d->write)
        pipes__end_write(pipes_other(to), d);
    free(d->bytes);
    free(d);
}

/* Takes what a read brings; false: nothing is there. */
static bool pipes__take(pipe_end *e, void *buffer, DWORD size, NTSTATUS *status, DWORD *bytes)
{
    bool message = e->instance->name->message && e->message_read;
    char *at = buffer;

    if (!e->first)
        return false;
    *status = 0;
    *bytes = 0;
    do {
        pipe_data *d = e->first;
        DWORD left = (DWORD)(d->size - d->start),
              taken = left < size - *bytes ? left : size - *bytes;

        memcpy(at + *bytes, d->bytes + d->start, taken);
        *bytes += taken;
        d->start += taken;
        if (d->start < d->size) {
            if (message)
                *status = SIM_BUFFER_OVERFLOW;
            break;
        }
        pipes__drop_first(e);
    } while (!message && e->first && *bytes < size);
    pipes__settle_writes(e);
    return true;
}

/* Reads that are pending take what has come, or find that the other end has left. */
void pipes_settle_reads(pipe_end *e)
{
    NTSTATUS status;
    DWORD bytes;

    while (e->reads && pipes__take(e, e->reads->buffer, e->reads->size, &status, &bytes))
        pipes_end(e, &e->reads, status, bytes);
    while (e->reads && e->instance->state != PIPE_STATE_CONNECTED)
        pipes_end(e, &e->reads,
                  e->instance->state == PIPE_STATE_DISCONNECTED ? SIM_PIPE_DISCONNECTED
                                                                : SIM_PIPE_BROKEN,
                  0);
}

/* Ends at once, or is said to be pending and has its packet already. */
static BOOL pipes__finish(pipe_end *e, OVERLAPPED *o, NTSTATUS status, DWORD bytes)
{
    if (sim_error_of(status) != ERROR_SUCCESS && sim_error_of(status) != ERROR_MORE_DATA)
        return sim_complete_at_once(&e->target, o, status, bytes);
    if (!sim_chance(3))
        return sim_complete_at_once(&e->target, o, status, bytes);
    o->Internal = SIM_PENDING;
    sim_complete(&e->target, o, status, bytes);
    return sim_error(ERROR_IO_PENDING);
}

static NTSTATUS pipes__state_error(const pipe_end *e, bool writing)
{
    switch (e->instance->state) {
    case PIPE_STATE_CONNECTED:
        return 0;
    case PIPE_STATE_LISTENING:
        return SIM_PIPE_LISTENING;
    case PIPE_STATE_DISCONNECTED:
        return SIM_PIPE_DISCONNECTED;
    case PIPE_STATE_CLOSING:
        break;
    }
    return writing ? SIM_PIPE_CLOSING : SIM_PIPE_BROKEN;
}

/* For handles without FILE_FLAG_OVERLAPPED: waits until the operation has ended. */
static BOOL pipes__wait(pipe_sync *s, DWORD *bytes)
{
    DWORD error;

    while (!s->done)
        sim_wait_for(s, SIM_NEVER);
    *bytes = s->bytes;
    error = sim_error_of(s->status);
    return error == ERROR_SUCCESS ? TRUE : sim_error(error);
}

pipe_op *pipes_new_op(OVERLAPPED *o, void *buffer, DWORD size)
{
    pipe_op *op = calloc(1, sizeof *op);

    op->o = o;
    op->buffer = buffer;
    op->size = size;
    if (o)
        o->Internal = SIM_PENDING;
    return op;
}

BOOL ReadFile(HANDLE handle, void *buffer, DWORD size, DWORD *bytes, OVERLAPPED *o)
{
    pipe_sync sync = {0};
    NTSTATUS status;
    DWORD count;
    pipe_end *e;
    pipe_op *op;

    e = pipes_look(handle);
    if (!e)
        return FALSE;
    if (!(e->rights & FILE_READ_DATA))
        return sim_error(ERROR_ACCESS_DENIED);
    if (e->overlapped != (o != NULL))
        sim_fail("a read is of the other kind than its handle");
    e->instance->was_read = e->instance->was_read || (e->server && e->first);
    if (!e->reads && pipes__take(e, buffer, size, &status, &count)) {
        if (o)
            return pipes__finish(e, o, status, count);
        *bytes = count;
        return status == 0 ? TRUE : sim_error(sim_error_of(status));
    }
    status = pipes__state_error(e, false);
    if (status != 0)
        return sim_error(sim_error_of(status));
    op = pipes_new_op(o, buffer, size);
    op->sync = &sync;
    pipes_append(&e->reads, op);
    return o ? sim_error(ERROR_IO_PENDING) : pipes__wait(&sync, bytes);
}

/* Bytes on their way to an end. */
static pipe_data *pipes__add_data(pipe_end *to, const void *bytes, DWORD size)
{
    pipe_data *d = calloc(1, sizeof *d), **last = &to->first;

    d->bytes = malloc(size + 1);
    d->size = size;
    memcpy(d->bytes, bytes, size);
    while (*last)
        last = &(*last)->next;
    *last = d;
    return d;
}

BOOL WriteFile(HANDLE handle, const void *data, DWORD size, DWORD *bytes, OVERLAPPED *o)
{
    pipe_end *e = pipes_look(handle), *to;
    pipe_sync sync = {0};
    NTSTATUS status;
    pipe_data *d;

    if (!e)
        return FALSE;
    if (!(e->rights & FILE_WRITE_DATA))
        return sim_error(ERROR_ACCESS_DENIED);
    status = pipes__state_error(e, true);
    if (status != 0)
        return sim_error(sim_error_of(status));
    if (size == 0 && !e->instance->name->message) {
        if (o)
            return pipes__finish(e, o, 0, 0);
        *bytes = 0;
        return TRUE;
    }
    to = pipes_other(e);
    d = pipes__add_data(to, data, size);
    if (o && pipes__held(to) <= to->quota && !to->reads && !sim_chance(3))
        return sim_complete_at_once(&e->target, o, 0, size); /* buffered */
    d->write = pipes_new_op(o, NULL, size);
    d->write->sync = &sync;
    pipes_append(&e->writes, d->write);
    /* It ends here if a read takes it or the quota holds it. Its result may be a packet already. */
    pipes_settle_reads(to);
    pipes__settle_writes(to);
    return o ? sim_error(ERROR_IO_PENDING) : pipes__wait(&sync, bytes);
}

bool pipes_cancel(pipe_end *e, pipe_op **list, OVERLAPPED *o)
{
    for (pipe_op **place = list; *place; place = &(*place)->next)
        if ((*place)->o == o) {
            if (list == &e->writes && pipes_other(e)) /* what was not taken yet is gone */
                for (pipe_data **d = &pipes_other(e)->first; *d; d = &(*d)->next)
                    if ((*d)->write == *place) {
                        pipe_data *gone = *d;

                        *d = gone->next;
                        free(gone->bytes);
                        free(gone);
                        break;
                    }
            pipes_end(e, place, SIM_CANCELLED, 0);
            return true;
        }
    return false;
}

BOOL CancelIoEx(HANDLE handle, OVERLAPPED *o)
{
    pipe_end *e = pipes_look(handle);

    if (!e)
        return FALSE;
    if (pipes_cancel(e, &e->reads, o) || pipes_cancel(e, &e->writes, o) ||
        pipes_cancel(e, &e->connects, o))
        return TRUE;
    return sim_error(ERROR_NOT_FOUND);
}

BOOL GetOverlappedResult(HANDLE handle, OVERLAPPED *o, DWORD *bytes, BOOL wait)
{
    DWORD error;

    (void)handle, (void)wait;
    sim_point();
    while (o->Internal == SIM_PENDING)
        WaitForSingleObject(o->hEvent, INFINITE);
    error = sim_error_of((NTSTATUS)o->Internal);
    *bytes = (DWORD)o->InternalHigh;
    return error == ERROR_SUCCESS ? TRUE : sim_error(error);
}
