/*
 * Handles, events, waiting for objects, the clock, the pool of threads, and the completion port.
 */
#include "security.h"
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#define OBJECTS__MOST_HANDLES 8192
#define OBJECTS__FREQUENCY 10000000 /* ticks a second, as on most machines */

bool sim_is_bare;
static sim_object *handles[OBJECTS__MOST_HANDLES];
static unsigned handle_count, handle_end; /* from handle_end on none was open */
static bool inheritable[OBJECTS__MOST_HANDLES];

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
            object->handles++;
            handle_count++;
            handle_end = i < handle_end ? handle_end : i + 1;
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
    for (unsigned i = 0; i < handle_end; i++) {
        if (handles[i] && handles[i]->kind != SIM_THREAD && --handles[i]->handles == 0)
            free(handles[i]);
        handles[i] = NULL;
        inheritable[i] = false;
    }
    handle_count = handle_end = 0;
}

bool sim_is_inheritable(HANDLE handle)
{
    return inheritable[(uintptr_t)handle / 4];
}

unsigned sim_inheritable(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < handle_end; i++)
        count += inheritable[i];
    return count;
}

BOOL SetHandleInformation(HANDLE handle, DWORD mask, DWORD flags)
{
    sim_point();
    if (!sim_look(handle, SIM_NONE))
        return FALSE;
    if (mask & HANDLE_FLAG_INHERIT)
        inheritable[(uintptr_t)handle / 4] = (flags & HANDLE_FLAG_INHERIT) != 0;
    return TRUE;
}

BOOL CloseHandle(HANDLE handle)
{
    sim_object *object;

    sim_point();
    object = sim_look(handle, SIM_NONE);
    if (!object)
        sim_fail("a handle is closed that is none");
    handles[(uintptr_t)handle / 4] = NULL;
    inheritable[(uintptr_t)handle / 4] = false;
    handle_count--;
    if (--object->handles > 0)
        return TRUE;
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
    sim_signal(object);
    return TRUE;
}

void sim_signal(sim_object *object)
{
    object->signalled = true;
    sim_wake(object);
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

/* It changes with the system's clock: each 15.625 ms. */
ULONGLONG GetTickCount64(void)
{
    return sim_now_ns() / 15625000 * 15625 / 1000;
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
    bool brings_result; /* entry.Internal and the count, to the OVERLAPPED */
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
    if (sim_slots_take_no_port && sim_look(handle, SIM_SLOT)) {
        SetLastError(ERROR_NO_SYSTEM_RESOURCES);
        return NULL;
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

static void port__add(sim_port *port, OVERLAPPED_ENTRY entry, bool brings_result)
{
    packet *p = malloc(sizeof *p);

    *p = (packet){NULL, entry, brings_result};
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
    port__add(port, (OVERLAPPED_ENTRY){key, o, 0, bytes}, false);
    return TRUE;
}

static void port__write_result(OVERLAPPED *o, NTSTATUS status, DWORD bytes)
{
    o->InternalHigh = bytes;
    o->Internal = (ULONG_PTR)(uint32_t)status;
}

BOOL GetQueuedCompletionStatusEx(HANDLE handle, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count,
                                 DWORD ms, BOOL alertable)
{
    uint64_t deadline = sim_deadline(ms);
    sim_port *port;

    (void)alertable;
    sim_point();
    if (security_thread_acts())
        sim_fail("a thread waits for packets while it acts for a client");
    port = (sim_port *)sim_look(handle, SIM_PORT);
    *count = 0;
    while (!port->first)
        if (sim_now_ns() >= deadline || !sim_wait_for(port, deadline))
            return sim_error(WAIT_TIMEOUT);
    for (packet *p; *count < room && (p = port->first) != NULL;) {
        OVERLAPPED_ENTRY *e = &entries[(*count)++];

        port->first = p->next;
        *e = p->entry;
        if (p->brings_result)
            port__write_result(e->lpOverlapped, (NTSTATUS)e->Internal,
                               e->dwNumberOfBytesTransferred);
        free(p);
    }
    return TRUE;
}

/* Signals what waits for an operation, or queues its packet. */
static void port__announce(const sim_target *target, OVERLAPPED *o, NTSTATUS status, DWORD bytes)
{
    sim_object *event = o->hEvent ? sim_look(o->hEvent, SIM_EVENT) : NULL;
    bool late = target->port && !event && !sim_is_bare && sim_chance(2);

    /* Wine's ntdll/tests/pipe.c, test_cancelio: the result may be written when its packet is taken.
     */
    if (!late)
        port__write_result(o, status, bytes);
    if (event)
        sim_signal(event);
    else if (target->file && !target->skip_signal)
        sim_signal(target->file);
    if (target->port)
        port__add(target->port,
                  (OVERLAPPED_ENTRY){target->key, o, (ULONG_PTR)(uint32_t)status, bytes}, late);
}

void sim_complete(const sim_target *target, OVERLAPPED *o, NTSTATUS status, DWORD bytes)
{
    port__announce(target, o, status, bytes);
}

/* Windows: a success or a warning queues a packet unless the handle skips it; an error that is
 * returned at once does not. */
BOOL sim_complete_at_once(const sim_target *target, OVERLAPPED *o, NTSTATUS status, DWORD bytes)
{
    DWORD error = sim_error_of(status);
    sim_target to = *target;

    if (error == ERROR_SUCCESS && to.skip_on_success)
        to.port = NULL;
    if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA)
        port__announce(&to, o, status, bytes);
    return error == ERROR_SUCCESS ? TRUE : sim_error(error);
}
