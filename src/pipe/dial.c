/*
 * Dialling: a connection that has no handle yet. It tries to open the name, and while the name is
 * absent or every instance taken, again on a timer that backs off, up to its deadline. (Waiting in
 * Windows instead, with WaitNamedPipe or FSCTL_PIPE_WAIT, would block a thread or could not be
 * cancelled, and reserves nothing.) A name on another machine, whose opening blocks, is opened by a
 * thread of the process's pool.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "iocp/counters.h"
#include "pipe/conn.h"
#include "pipe/open.h"

#define DIAL__FIRST_RETRY_MS 1
#define DIAL__MOST_RETRY_MS 64

struct dial {
    pp_conn *conn;
    open_request request;
    uint64_t deadline, next_try; /* by clock_ms; next_try is CLOCK_NEVER while one is under way */
    uint64_t retry_ms;
    bool helping; /* the helper's attempt is under way, and the next three are its own */
    HANDLE handle;
    DWORD error;
    pp_status status;
};

void pp_dial_options_init(pp_dial_options *options)
{
    if (!options)
        return;
    *options = (pp_dial_options){0};
    options->name = "pipeport";
    option_set_defaults(&option_conn_table, &options->conn);
    option_set_defaults(&option_dial_table, options);
}

static void dial__open(struct dial *d)
{
    kernel_count_other(d->conn->strand.port);
    d->status = open_once(&d->request, &d->handle, &d->error);
}

static void CALLBACK dial__help(TP_CALLBACK_INSTANCE *instance, void *argument)
{
    struct dial *d = argument;

    CallbackMayRunLong(instance);
    dial__open(d);
    strand_raise(&d->conn->strand, CONN_OPENED);
}

static void dial__retry_or_end(pp_conn *c, pp_status status)
{
    struct dial *d = c->dial;
    uint64_t now = clock_ms();

    if (!open_may_succeed_later(status) || now >= d->deadline) {
        conn_end(c, status);
        return;
    }
    counter_add(c->strand.port, COUNT_BUSY_RETRIES, 1);
    d->next_try = now + d->retry_ms < d->deadline ? now + d->retry_ms : d->deadline;
    d->retry_ms = d->retry_ms * 2 < DIAL__MOST_RETRY_MS ? d->retry_ms * 2 : DIAL__MOST_RETRY_MS;
}

static void dial__tried(pp_conn *c)
{
    struct dial *d = c->dial;
    DWORD error;

    if (d->status != PP_OK) {
        dial__retry_or_end(c, d->status);
        return;
    }
    error = kernel_attach(c->strand.port, &c->pipe, d->handle, c->options.mode != PP_MODE_MESSAGE);
    if (error != ERROR_SUCCESS) {
        conn_end_error(c, error, "association with the port");
        return;
    }
    c->state = CONN_OPEN;
    dial_free(c);
}

static void dial__try(pp_conn *c)
{
    struct dial *d = c->dial;

    d->next_try = CLOCK_NEVER;
    if (d->request.path.local) {
        dial__open(d);
        dial__tried(c);
        return;
    }
    d->helping = TrySubmitThreadpoolCallback(dial__help, d, NULL) != 0;
    if (!d->helping)
        dial__retry_or_end(c, error_from_windows(GetLastError()));
}

void dial_advance(pp_conn *c, LONG events)
{
    if (events & (CONN_DROP | CONN_CLOSE | STRAND_STOP | STRAND_ABORT))
        return; /* it ends; no need to try once more */
    if (!c->dial->helping && clock_ms() >= c->dial->next_try)
        dial__try(c);
}

void dial_helped(pp_conn *c)
{
    struct dial *d = c->dial;

    d->helping = false;
    if (c->state == CONN_DIALLING)
        dial__tried(c);
    else if (d->status == PP_OK)
        CloseHandle(d->handle); /* it had been cancelled meanwhile */
}

bool dial_is_idle(const pp_conn *c)
{
    return !c->dial->helping;
}

uint64_t dial_deadline(const pp_conn *c)
{
    return c->dial->next_try;
}

void dial_free(pp_conn *c)
{
    mem_free(c->dial);
    c->dial = NULL;
}

static pp_status dial__new(pp_port *port, const pp_dial_options *options, pp_conn **made,
                           pp_error *error)
{
    pp_conn_options checked;
    pp_status status = option_check(&option_dial_table, options, error);
    struct dial *d;

    if (status == PP_OK)
        status = conn_check_options(port, &options->conn, &checked, error);
    if (status != PP_OK)
        return status;
    d = mem_alloc_zeroed(sizeof *d);
    if (!d)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a connection");
    status = open_prepare(&d->request, options->name, checked.mode, options->server_process,
                          options->server_user, error);
    *made = status == PP_OK ? conn_new(port, &checked) : NULL;
    if (!*made) {
        mem_free(d);
        return status != PP_OK ? status : error_set(error, PP_E_MEMORY, 0, "no memory");
    }
    d->conn = *made;
    d->retry_ms = DIAL__FIRST_RETRY_MS;
    d->deadline = clock_ms() + options->timeout_ms;
    (*made)->dial = d;
    return PP_OK;
}

pp_status pp_dial(pp_port *port, const pp_dial_options *options, pp_conn **conn, pp_error *error)
{
    pp_conn *c;
    pp_status status;

    if (!port || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    status = dial__new(port, options, &c, error);
    if (status != PP_OK)
        return status;
    if (conn) {
        pp_conn_ref(c);
        *conn = c; /* before the first callback */
    }
    if (strand_start(&c->strand, CONN_START))
        return PP_OK;
    if (conn)
        *conn = NULL;
    dial_free(c);
    conn_discard(c);
    return error_set(error, PP_E_CLOSING, 0, "the port stops");
}
