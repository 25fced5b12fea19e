/*
 * Reading and writing named pipes: quotas, boundaries of messages, and operations that pend.
 */
#include "pipes.h"

#include <stdlib.h>
#include <string.h>

pipe_end *pipes_look(HANDLE handle)
{
    sim_point();
    return (pipe_end *)sim_look(handle, SIM_PIPE);
}

pipe_end *pipes_other(const pipe_end *e)
{
    return e->server ? e->instance->client : e->instance->serving;
}

NTSTATUS pipes_state_error(const pipe_end *e, bool writing)
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

/* ---- What is on its way ---------------------------------------------------------------------- */

size_t pipes_waiting(const pipe_end *to)
{
    size_t bytes = 0;

    for (const pipe_data *d = to->first; d; d = d->next)
        bytes += d->size - d->start;
    return bytes;
}

/* Adds what a write brings. Its bytes stay the writer's until it ends. */
static pipe_data *pipes__add_data(pipe_end *to, file_op *write)
{
    pipe_data *d = calloc(1, sizeof *d), **last = &to->first;

    *d = (pipe_data){.bytes = write->buffer, .size = write->size, .write = write};
    while (*last)
        last = &(*last)->next;
    *last = d;
    return d;
}

/* The write of these bytes, which has not ended yet, does. */
static void pipes__end_write(pipe_end *from, pipe_data *d)
{
    file_op **place = &from->writes;

    while (*place != d->write)
        place = &(*place)->next;
    d->copy = malloc(d->size + 1);
    memcpy(d->copy, d->bytes, d->size);
    d->bytes = d->copy;
    d->write = NULL;
    file_end(&from->file, place, 0, (*place)->size);
}

/* Wine's ntdll/tests/pipe.c: a write ends when what is left of it fits. */
static void pipes__settle_writes(pipe_end *to)
{
    size_t held = 0;

    for (pipe_data *d = to->first; d; d = d->next) {
        held += d->size - d->start;
        if (d->write && held <= to->quota)
            pipes__end_write(pipes_other(to), d);
    }
}

static void pipes__drop_first(pipe_end *to)
{
    pipe_data *d = to->first;

    to->first = d->next;
    if (d->write)
        pipes__end_write(pipes_other(to), d);
    free(d->copy);
    free(d);
}

void pipes_drop_write(file *f, file_op *write)
{
    pipe_end *other = pipes_other((pipe_end *)f);

    for (pipe_data **d = other ? &other->first : NULL; d && *d; d = &(*d)->next)
        if ((*d)->write == write) {
            pipe_data *gone = *d;

            *d = gone->next;
            free(gone);
            return;
        }
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Takes what a read brings; false: nothing is there. */
static bool pipes__take(pipe_end *e, const file_op *op, NTSTATUS *status, DWORD *bytes)
{
    bool message = e->instance->name->message && e->message_read;
    char *at = op->buffer;

    if (!e->first)
        return false;
    *status = 0;
    *bytes = 0;
    e->instance->was_read |= e->server;
    do {
        pipe_data *d = e->first;
        DWORD left = (DWORD)(d->size - d->start),
              taken = left < op->size - *bytes ? left : op->size - *bytes;

        if (taken > 0)
            memcpy(at + *bytes, d->bytes + d->start, taken);
        *bytes += taken;
        d->start += taken;
        if (d->start < d->size) {
            if (message)
                *status = SIM_BUFFER_OVERFLOW;
            break;
        }
        pipes__drop_first(e);
    } while (!message && e->first && *bytes < op->size);
    pipes__settle_writes(e);
    return true;
}

void pipes_settle_reads(pipe_end *e)
{
    NTSTATUS status;
    DWORD bytes;

    while (e->reads && pipes__take(e, e->reads, &status, &bytes))
        file_end(&e->file, &e->reads, status, bytes);
    while (e->reads && e->instance->state != PIPE_STATE_CONNECTED)
        file_end(&e->file, &e->reads, pipes_state_error(e, false), 0);
}

/* PIPE_NOWAIT: Microsoft, Named Pipe Type, Read, and Wait Modes. */
static NTSTATUS pipes__start_read(file *f, file_op *op)
{
    pipe_end *e = (pipe_end *)f;
    NTSTATUS status;

    if (!e->reads && pipes__take(e, op, &status, &op->bytes))
        return status;
    status = pipes_state_error(e, false);
    if (status != 0 || e->at_once)
        return status != 0 ? status : SIM_PIPE_EMPTY;
    file_append(&e->reads, op);
    return SIM_PENDING;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void pipes__send(pipe_end *e, file_op *op)
{
    pipe_end *to = pipes_other(e);

    file_append(&e->writes, op);
    pipes__add_data(to, op);
    pipes_settle_reads(to);
    pipes__settle_writes(to);
}

/* How many bytes a write that does not wait can bring. */
static DWORD pipes__room(const pipe_end *to, DWORD size)
{
    size_t held = pipes_waiting(to);

    if (to->reads || held + size <= to->quota)
        return size;
    return to->instance->name->message || held >= to->quota ? 0 : (DWORD)(to->quota - held);
}

/* Writing no bytes does nothing to a pipe of bytes: Wine's ntdll/tests/pipe.c. */
static NTSTATUS pipes__start_write(file *f, file_op *op)
{
    pipe_end *e = (pipe_end *)f;
    NTSTATUS status = pipes_state_error(e, true);
    DWORD wanted = op->size;

    if (status != 0)
        return status;
    if (e->at_once)
        op->size = pipes__room(pipes_other(e), wanted);
    if (op->size == 0 && (wanted > 0 || !e->instance->name->message))
        return 0;
    pipes__send(e, op);
    return SIM_PENDING;
}

/* Wine's ntdll/tests/pipe.c, test_transact: nothing may wait to be read, and a failure comes as if
 * it had been pending. */
static NTSTATUS pipes__transact_error(const pipe_end *e)
{
    NTSTATUS status = pipes_state_error(e, true);

    if (status != 0)
        return status;
    if (!e->instance->name->message || !e->message_read)
        return SIM_WRONG_READ_MODE;
    return e->first || e->reads ? SIM_PIPE_BUSY : 0;
}

/* The write of a transaction, of which nobody is told; its read is what ends. */
static NTSTATUS pipes__start_transaction(file *f, file_op *op)
{
    file_append(&((pipe_end *)f)->reads, op);
    return SIM_PENDING;
}

BOOL TransactNamedPipe(HANDLE handle, void *request, DWORD request_size, void *reply, DWORD size,
                       DWORD *bytes, OVERLAPPED *o)
{
    pipe_end *e = pipes_look(handle);
    file_op *write;
    NTSTATUS status;

    if (!e)
        return FALSE;
    if (!(e->file.rights & FILE_READ_DATA) || !(e->file.rights & FILE_WRITE_DATA))
        return sim_error(ERROR_ACCESS_DENIED);
    status = pipes__transact_error(e);
    if (status != 0 && o && e->file.overlapped) {
        sim_complete(&e->file.target, o, status, 0);
        return sim_error(ERROR_IO_PENDING);
    }
    if (status != 0)
        return sim_error(sim_error_of(status));
    write = calloc(1, sizeof *write);
    write->buffer = request;
    write->size = request_size;
    pipes__send(e, write);
    return file_begin(&e->file, o, reply, size, pipes__start_transaction, bytes);
}

static bool pipes__cancel(file *f, OVERLAPPED *o)
{
    pipe_end *e = (pipe_end *)f;
    bool reads = file_cancel(f, &e->reads, o, NULL),
         writes = file_cancel(f, &e->writes, o, pipes_drop_write);

    return file_cancel(f, &e->connects, o, NULL) || reads || writes;
}

const file_calls pipe_calls = {pipes__start_read, pipes__start_write, pipes__cancel};
