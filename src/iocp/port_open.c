/*
 * The folder: one completion port, a small pool of workers, and the strands, operations, timers and
 * counters that everything above is made of. It knows nothing of pipes.
 *
 * This file makes a port of its parts. A port runs until a user asks it to stop. It then tells
 * every strand to end, and is over when the last strand has retired.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/processors.h"
#include "iocp/worker.h"

const char *pp_version(void)
{
    return PIPEPORT_VERSION;
}

void pp_port_options_init(pp_port_options *options)
{
    if (!options)
        return;
    *options = (pp_port_options){0};
    option_set_defaults(&option_port_table, options);
    options->log_level = PP_LOG_INFO;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static void port__free(pp_port *port)
{
    timers_free(&port->timers);
    budget_free(&port->budget);
    table_free(&port->tasks);
    locals_free(&port->strands.locals);
    if (port->over_event)
        CloseHandle(port->over_event);
    kernel_free(&port->kernel);
    mem_free(port->workers);
    mem_free(port);
}

/* Ends the threads that were started; some may be missing when a start failed. */
static void port__join_threads(pp_port *port)
{
    for (unsigned i = 0; i < port->strands.locals.count; i++) {
        if (!port->workers[i].thread)
            continue;
        WaitForSingleObject(port->workers[i].thread, INFINITE);
        CloseHandle(port->workers[i].thread);
        port->workers[i].thread = NULL;
    }
    watch_end(&port->watch);
}

static DWORD port__start_threads(pp_port *port)
{
    unsigned count = port->strands.locals.count;
    /* The watch first: it also wakes workers for their exit when no packet could be queued. */
    DWORD error = watch_start(&port->watch, count > 1, workers_look, port);

    for (unsigned i = 0; i < count && error == ERROR_SUCCESS; i++)
        error = worker_start(&port->workers[i]);
    if (error != ERROR_SUCCESS) {
        pp_port_abort(port);
        port__join_threads(port);
    }
    return error;
}

/* The port stops, and the last strand has retired. */
static void port__is_over(void *context)
{
    pp_port *port = context;

    InterlockedExchange(&port->over, 1);
    kernel_wake(&port->kernel, KERNEL_KEY_EXIT);
    standby_end(&port->standby);
    SetEvent(port->over_event);
}

static void port__tell(void *owner, LONG event)
{
    strand_raise(owner, event);
}

/* Makes the parts, each of which knows only those below it. */
static DWORD port__make(pp_port *port, unsigned workers, unsigned processors)
{
    DWORD error = locals_init(&port->strands.locals, workers);

    strands_init(&port->strands, &port->inbox, &port->watch, port__is_over, port);
    inbox_init(&port->inbox, &port->kernel, &port->log);
    timers_init(&port->timers);
    table_init(&port->tasks);
    InitializeSRWLock(&port->tasks_lock);
    standby_init(&port->standby, processors, workers);
    polling_init(&port->polling, processors, workers, port->options.lane_poll_us * 1000);
    budget_init(&port->budget, port->options.max_buffered, port__tell);
    port->log = (log_sink){port->options.log, port->options.log_user, port->options.log_level};
    port->workers = workers_new(port);
    port->over_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (error == ERROR_SUCCESS && !port->workers)
        error = ERROR_NOT_ENOUGH_MEMORY;
    if (error == ERROR_SUCCESS && !port->over_event)
        error = win_last_error();
    if (error == ERROR_SUCCESS)
        error = kernel_init(&port->kernel, &port->strands.locals, &port->watch, workers);
    return error;
}

static pp_status port__check(pp_port **port, const pp_port_options *options, pp_error *error)
{
    pp_status status;

    if (!port || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    *port = NULL;
    status = option_check(&option_port_table, options, error);
    if (status == PP_OK && (unsigned)options->log_level > PP_LOG_DEBUG)
        status = error_set(error, PP_E_ARGUMENT, 0,
                           "log_level is %d; allowed: error (0), warn (1), info (2) or debug (3)",
                           (int)options->log_level);
    return status;
}

pp_status pp_port_open(pp_port **port, const pp_port_options *options, pp_error *error)
{
    unsigned processors = processors_count();
    pp_status status = port__check(port, options, error);
    pp_port *p;
    DWORD code;

    if (status != PP_OK)
        return status;
    p = mem_alloc_zeroed(sizeof *p);
    if (!p)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a port");
    p->options = *options;
    if (processors > PORT_MOST_WORKERS)
        processors = PORT_MOST_WORKERS;
    code = port__make(p, options->workers ? (unsigned)options->workers : processors, processors);
    if (code == ERROR_SUCCESS)
        code = port__start_threads(p);
    if (code != ERROR_SUCCESS) {
        port__free(p);
        return error_set_windows(error, code, "the port cannot be opened");
    }
    *port = p;
    return PP_OK;
}

/* ---- Stopping and closing ------------------------------------------------------------------- */

pp_status pp_port_stop(pp_port *port)
{
    if (!port)
        return PP_E_ARGUMENT;
    strands_stop(&port->strands, STRANDS_STOPPING, STRAND_STOP);
    return PP_OK;
}

pp_status pp_port_abort(pp_port *port)
{
    if (!port)
        return PP_E_ARGUMENT;
    strands_stop(&port->strands, STRANDS_ABORTING, STRAND_ABORT);
    return PP_OK;
}

pp_status pp_port_wait(pp_port *port)
{
    if (!port)
        return PP_E_ARGUMENT;
    if (local_here(&port->strands.locals))
        return PP_E_WOULD_DEADLOCK;
    WaitForSingleObject(port->over_event, INFINITE);
    for (unsigned i = 0; i < port->strands.locals.count; i++)
        WaitForSingleObject(port->workers[i].thread, INFINITE);
    return PP_OK;
}

pp_status pp_port_close(pp_port **port)
{
    pp_status status;

    if (!port || !*port)
        return PP_E_ARGUMENT;
    if (local_here(&(*port)->strands.locals))
        return PP_E_WOULD_DEADLOCK;
    pp_port_stop(*port);
    status = pp_port_wait(*port);
    strands_free(&(*port)->strands);
    port__join_threads(*port);
    port__free(*port);
    *port = NULL;
    return status;
}
