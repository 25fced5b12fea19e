/*
 * The folder: one completion port, a small pool of workers, and the strands, operations, timers and
 * counters that everything above is made of. It knows nothing of pipes.
 */
#include "iocp/port.h"

#include "base/mem.h"
#include "base/options.h"
#include "base/processors.h"
#include "iocp/kernel.h"
#include "iocp/strand.h"
#include "iocp/worker.h"

#include <stdarg.h>
#include <stdio.h>

#define PORT__VERSION "0.1.0"
#define PORT__LOG_LINE 512

const char *pp_version(void)
{
    return PORT__VERSION;
}

void pp_port_options_init(pp_port_options *options)
{
    if (!options)
        return;
    *options = (pp_port_options){0};
    option_set_defaults(&option_port_table, options);
    options->log_level = PP_LOG_INFO;
}

void port_log(pp_port *port, pp_log_level level, const char *format, ...)
{
    char line[PORT__LOG_LINE];
    va_list arguments;

    if (!port->options.log || level > port->options.log_level)
        return;
    va_start(arguments, format);
    utf_format(line, sizeof line, format, arguments);
    va_end(arguments);
    port->options.log(port->options.log_user, level, line);
}

uint64_t port_next_id(pp_port *port)
{
    return (uint64_t)InterlockedIncrement64(&port->next_id);
}

void port_count_connection(pp_port *port, int change)
{
    LONG64 now = InterlockedAdd64(&port->connections_now, change), most = port->connections_most;

    while (now > most) {
        LONG64 before = InterlockedCompareExchange64(&port->connections_most, now, most);

        if (before == most)
            break;
        most = before;
    }
}

/* ---- Members -------------------------------------------------------------------------------- */

/* With the lock held. The last to leave a port that stops ends it. */
static void port__end_if_empty(pp_port *port)
{
    if (port->state == PORT_RUNNING || port->ended || !list_is_empty(&port->members))
        return;
    InterlockedExchange(&port->ended, 1);
    if (kernel_post(port, PORT_KEY_EXIT) != ERROR_SUCCESS)
        watch_owe(port, WATCH_OWES_EXIT);
    standby_end(&port->standby);
    SetEvent(port->ended_event);
}

bool port_join(pp_port *port, strand *s)
{
    bool ok;

    AcquireSRWLockExclusive(&port->lock);
    ok = port->state == PORT_RUNNING;
    if (ok)
        list_append(&port->members, &s->member);
    ReleaseSRWLockExclusive(&port->lock);
    return ok;
}

void port_leave(pp_port *port, strand *s)
{
    AcquireSRWLockExclusive(&port->lock);
    list_remove(&s->member);
    port__end_if_empty(port);
    ReleaseSRWLockExclusive(&port->lock);
}

static pp_status port__stop(pp_port *port, port_state state, LONG event)
{
    if (!port)
        return PP_E_ARGUMENT;
    AcquireSRWLockExclusive(&port->lock);
    if (port->state < state) {
        port->state = state;
        for (list *link = port->members.next; link != &port->members; link = link->next)
            strand_raise(CONTAINER_OF(link, strand, member), event);
        port__end_if_empty(port);
    }
    ReleaseSRWLockExclusive(&port->lock);
    return PP_OK;
}

pp_status pp_port_stop(pp_port *port)
{
    return port__stop(port, PORT_STOPPING, STRAND_STOP);
}

pp_status pp_port_abort(pp_port *port)
{
    return port__stop(port, PORT_ABORTING, STRAND_ABORT);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

static void port__free(pp_port *port)
{
    timers_free(&port->timers);
    budget_free(&port->budget);
    tasks_free(&port->tasks);
    if (port->ended_event)
        CloseHandle(port->ended_event);
    if (port->iocp)
        CloseHandle(port->iocp);
    mem_free(port->workers);
    mem_free(port);
}

/* For threads that were started: ends them, also when starting the others failed. */
static void port__join_threads(pp_port *port)
{
    for (unsigned i = 0; i < port->worker_count; i++) {
        if (!port->workers[i].thread)
            continue;
        WaitForSingleObject(port->workers[i].thread, INFINITE);
        CloseHandle(port->workers[i].thread);
        port->workers[i].thread = NULL;
    }
    watch_end(port);
}

static DWORD port__start_threads(pp_port *port)
{
    DWORD error = watch_start(port); /* first: it also tells workers to exit when no packet can */

    for (unsigned i = 0; i < port->worker_count && error == ERROR_SUCCESS; i++)
        error = worker_start(&port->workers[i], port);
    if (error != ERROR_SUCCESS) {
        pp_port_abort(port);
        port__join_threads(port);
    }
    return error;
}

static DWORD port__make(pp_port *port)
{
    DWORD error;

    port->iocp = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, port->worker_count);
    if (!port->iocp)
        return GetLastError();
    port->ended_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!port->ended_event)
        return GetLastError();
    error = worker_prepare();
    return error == ERROR_SUCCESS ? port__start_threads(port) : error;
}

static void port__tell(void *owner, LONG event)
{
    strand_raise(owner, event);
}

pp_status pp_port_open(pp_port **port, const pp_port_options *options, pp_error *error)
{
    pp_port *p;
    unsigned processors;
    pp_status status;
    DWORD code;

    if (!port || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    *port = NULL;
    status = option_check(&option_port_table, options, error);
    if (status != PP_OK)
        return status;
    if ((unsigned)options->log_level > PP_LOG_DEBUG)
        return error_set(error, PP_E_ARGUMENT, 0,
                         "log_level is %d; allowed: error (0), warn (1), info (2) or debug (3)",
                         (int)options->log_level);
    p = mem_alloc_zeroed(sizeof *p);
    if (!p)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a port");
    p->options = *options;
    processors = processors_count();
    if (processors > PORT_MOST_WORKERS)
        processors = PORT_MOST_WORKERS;
    p->worker_count = options->workers ? (unsigned)options->workers : processors;
    p->workers = mem_alloc_zeroed(p->worker_count * sizeof *p->workers);
    InitializeSRWLock(&p->lock);
    InitializeSRWLock(&p->inbox.lock);
    list_init(&p->members);
    timers_init(&p->timers);
    tasks_init(&p->tasks);
    standby_init(&p->standby, processors, p->worker_count);
    budget_init(&p->budget, options->max_buffered, port__tell);
    code = p->workers ? port__make(p) : ERROR_NOT_ENOUGH_MEMORY;
    if (code != ERROR_SUCCESS) {
        port__free(p);
        return error_set_windows(error, code, "a port cannot be made");
    }
    *port = p;
    return PP_OK;
}

pp_status pp_port_wait(pp_port *port)
{
    if (!port)
        return PP_E_ARGUMENT;
    if (worker_current(port))
        return PP_E_WOULD_DEADLOCK;
    WaitForSingleObject(port->ended_event, INFINITE);
    for (unsigned i = 0; i < port->worker_count; i++)
        WaitForSingleObject(port->workers[i].thread, INFINITE);
    return PP_OK;
}

pp_status pp_port_close(pp_port **port)
{
    pp_status status;

    if (!port || !*port)
        return PP_E_ARGUMENT;
    if (worker_current(*port))
        return PP_E_WOULD_DEADLOCK;
    pp_port_stop(*port);
    status = pp_port_wait(*port);
    /* Whoever stopped it may still hold the lock. */
    AcquireSRWLockExclusive(&(*port)->lock);
    ReleaseSRWLockExclusive(&(*port)->lock);
    port__join_threads(*port);
    port__free(*port);
    *port = NULL;
    return status;
}
