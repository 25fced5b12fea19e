/*
 * Handles, events, waiting for objects, the clock, the pool of threads, and the completion port.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define OBJECTS__MOST_HANDLES 8192
#define OBJECTS__FREQUENCY 10000000 /* ticks a second, as on most machines */

static sim_object *handles[OBJECTS__MOST_HANDLES];
static unsigned handle_count;

BOOL sim_error(DWORD error)
{
    SetLastError(error);
    return FALSE;
}

/* ---- Handles -------------------------------------------------------------------------------- */

HANDLE sim_handle(sim_object *object)
{
    for (unsigned i = 1; i < OBJECTS__MOST_HANDLES; i++)
        if (!handles[i]) {
            handles[i] = object;
            handle_count++;
            return (HANDLE)(uintptr_t)(i * 4);
        }
    sim_fail("more than %d handles", OBJECTS__MOST_HANDLES);
    return NULL;
}

sim_object *sim_look(HANDLE handle, sim_kind kind)
{
    uintptr_t i = (uintptr_t)handle / 4;
    sim_object *object = i < OBJECTS__MOST_HANDLES ? handles[i] : NULL;

    if (object && (kind == SIM_NONE || object->kind == kind))
        return object;
    SetLastError(ERROR_INVALID_HANDLE);
    return NULL;
}

unsigned sim_handles(void)
{
    return handle_count;
}

void sim_reset_handles(void)
{
    for (unsigned i = 0; i < OBJECTS__MOST_HANDLES; i++)
        if (handles[i] && handles[i]->kind != SIM_THREAD)
            free(handles[i]);
    memset(handles, 0, sizeof handles);
    handle_count = 0;
}

BOOL CloseHandle(HANDLE handle)
{
    sim_object *object;

    sim_point();
    object = sim_look(handle, SIM_NONE);
    if (!object)
        sim_fail("a handle is closed that is none");
    handles[(uintptr_t)handle / 4] = NULL;
    handle_count--;
    if (object->close)
        object->close(object);
    else if (object->kind != SIM_THREAD)
        free(object);
    return TRUE;
}

/* ---- Events --------------------------------------------------------------------------------- */

typedef struct event {
    sim_object object;
    bool manual;
} event;

HANDLE CreateEventW(void *attributes, BOOL manual, BOOL set, const WCHAR *name)
{
    event *e = calloc(1, sizeof *e);

    (void)attributes, (void)name;
    sim_point();
    e->object.kind = SIM_EVENT;
    e->object.signalled = set;
    e->manual = manual;
    return sim_handle(&e->object);
}

BOOL SetEvent(HANDLE handle)
{
    sim_object *object;

    sim_point();
    object = sim_look(handle, SIM_EVENT);
    if (!object)
        sim_fail("an event is set that is none");
    object->signalled = true;
    sim_wake(object);
    return TRUE;
}

DWORD WaitForSingleObject(HANDLE handle, DWORD ms)
{
    uint64_t deadline = sim_deadline(ms);
    sim_object *object;

    sim_point();
    object = sim_look(handle, SIM_NONE);
    if (!object)
        sim_fail("a handle is waited for that is none");
    while (!object->signalled)
        if (sim_now_ns() >= deadline || !sim_wait_for(object, deadline))
            return WAIT_TIMEOUT;
    if (object->kind == SIM_EVENT && !((event *)object)->manual)
        object->signalled = false;
    return WAIT_OBJECT_0;
}

/* ---- The clock and the pool ----------------------------------------------------------------- */

BOOL QueryPerformanceCounter(LARGE_INTEGER *ticks)
{
    ticks->QuadPart = (int64_t)(sim_now_ns() / (1000000000u / OBJECTS__FREQUENCY));
    return TRUE;
}

BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency)
{
    frequency->QuadPart = OBJECTS__FREQUENCY;
    return TRUE;
}

typedef struct job {
    PTP_SIMPLE_CALLBACK callback;
    void *argument;
} job;

static DWORD run_job(void *argument)
{
    job *j = argument;

    j->callback(NULL, j->argument);
    free(j);
    return 0;
}

BOOL TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK callback, void *argument, void *environment)
{
    job *j = malloc(sizeof *j);

    (void)environment;
    sim_point();
    *j = (job){callback, argument};
    CloseHandle(sim_spawn(sim_process_here(), run_job, j));
    return TRUE;
}

BOOL CallbackMayRunLong(TP_CALLBACK_INSTANCE *instance)
{
    (void)instance;
    return TRUE;
}

void RaiseFailFastException(void *record, void *context, DWORD flags)
{
    (void)record, (void)context, (void)flags;
    sim_fail("the library ended the process");
}

/* ---- The completion port -------------------------------------------------------------------- */

typedef struct packet {
    struct packet *next;
    OVERLAPPED_ENTRY entry;
} packet;

typedef struct sim_port {
    sim_object object;
    packet *first, *last;
} sim_port;

static void port__close(sim_object *object)
{
    sim_port *port = (sim_port *)object;

    for (packet *p = port->first, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    free(port);
}

/* A port of its own, or the target of a handle: pipes know theirs. */
sim_target *sim_target_of(HANDLE handle);

HANDLE CreateIoCompletionPort(HANDLE handle, HANDLE existing, ULONG_PTR key, DWORD threads)
{
    sim_target *target;
    sim_port *port;

    (void)threads;
    sim_point();
    if (handle == INVALID_HANDLE_VALUE) {
        port = calloc(1, sizeof *port);
        port->object.kind = SIM_PORT;
        port->object.close = port__close;
        return sim_handle(&port->object);
    }
    target = sim_target_of(handle);
    if (!target || target->port) {
        SetLastError(ERROR_INVALID_PARAMETER); /* synchronous, or on a port already */
        return NULL;
    }
    target->port = (sim_port *)sim_look(existing, SIM_PORT);
    target->key = key;
    return existing;
}

static void port__add(sim_port *port, OVERLAPPED_ENTRY entry)
{
    packet *p = malloc(sizeof *p);

    *p = (packet){NULL, entry};
    if (port->first)
        port->last->next = p;
    else
        port->first = p;
    port->last = p;
    sim_wake(port);
}

BOOL PostQueuedCompletionStatus(HANDLE handle, DWORD bytes, ULONG_PTR key, OVERLAPPED *o)
{
    sim_port *port;

    sim_point();
    port = (sim_port *)sim_look(handle, SIM_PORT);
    if (!port)
        return FALSE;
    port__add(port, (OVERLAPPED_ENTRY){key, o, 0, bytes});
    return TRUE;
}

BOOL GetQueuedCompletionStatusEx(HANDLE handle, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count,
                                 DWORD ms, BOOL alertable)
{
    uint64_t deadline = sim_deadline(ms);
    sim_port *port;

    (void)alertable;
    sim_point();
    port = (sim_port *)sim_look(handle, SIM_PORT);
    *count = 0;
    while (!port->first)
        if (sim_now_ns() >= deadline || !sim_wait_for(port, deadline))
            return sim_error(WAIT_TIMEOUT);
    for (packet *p; *count < room && (p = port->first) != NULL;) {
        port->first = p->next;
        entries[(*count)++] = p->entry;
        free(p);
    }
    return TRUE;
}

void sim_complete(const sim_target *target, OVERLAPPED *o, NTSTATUS status, DWORD bytes)
{
    o->InternalHigh = bytes;
    o->Internal = (ULONG_PTR)(uint32_t)status;
    if (o->hEvent)
        SetEvent(o->hEvent);
    else if (target->port)
        port__add(target->port, (OVERLAPPED_ENTRY){target->key, o, 0, bytes});
}

/* Windows: a success or a warning queues a packet unless the handle skips it; an error that is
 * returned at once does not. */
BOOL sim_complete_at_once(const sim_target *target, OVERLAPPED *o, NTSTATUS status, DWORD bytes)
{
    DWORD error = sim_error_of(status);

    o->InternalHigh = bytes;
    o->Internal = (ULONG_PTR)(uint32_t)status;
    if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA) {
        if (o->hEvent)
            SetEvent(o->hEvent);
        else if (target->port && !(target->skip_on_success && error == ERROR_SUCCESS))
            port__add(target->port, (OVERLAPPED_ENTRY){target->key, o, 0, bytes});
    }
    return error == ERROR_SUCCESS ? TRUE : sim_error(error);
}
