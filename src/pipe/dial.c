/*
 * Dialling: a connection that has no handle yet. It tries to open the name, and while the name is
 * absent or every instance taken, again on a timer that backs off, up to its deadline. (Waiting in
 * Windows instead, with WaitNamedPipe or FSCTL_PIPE_WAIT, would block a thread or could not be
 * cancelled, and reserves nothing.) A name on another machine, whose opening blocks for as long as
 * the network likes, is opened by a thread of the process's pool, which the connection need not
 * wait for.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "pipe/conn.h"
#include "pipe/open.h"

#define DIAL__FIRST_RETRY_MS 1
#define DIAL__MOST_RETRY_MS 64

/*
 * An attempt by a thread of the pool. It belongs to that thread until the first of the two has set
 * `left`. The thread leaves when it has the result: the connection then takes it, and the attempt.
 * The connection leaves when it ends before: then the thread, which knows nothing but the attempt,
 * gives up what it gets.
 */
typedef struct attempt {
    open_request request;
    strand *strand;
    volatile LONG left;
    HANDLE handle;
    DWORD error;
    pp_status status;
} attempt;

struct dial {
    open_request request;
    uint64_t deadline, next_try; /* by clock_ms; next_try is CLOCK_NEVER while one is under way */
    uint64_t retry_ms;
    bool one_try;
    attempt *helper; /* its attempt is under way */
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

static void CALLBACK dial__help(TP_CALLBACK_INSTANCE *instance, void *argument)
{
    attempt *a = argument;

    CallbackMayRunLong(instance);
    a->status = open_once(&a->request, &a->handle, &a->error);
    if (InterlockedExchange(&a->left, 1) == 0) {
        strand_raise(a->strand, CONN_OPENED);
        return;
    }
    if (a->status == PP_OK)
        CloseHandle(a->handle);
    mem_free(a);
}

static void dial__retry_or_end(pp_conn *c, pp_status status)
{
    struct dial *d = c->dial;
    uint64_t now = clock_ms();

    if (!open_may_succeed_later(status) || now >= d->deadline) {
        conn_end(c, status);
        return;
    }
    port_count(port_of(&c->strand), COUNT_BUSY_RETRIES, 1);
    d->next_try = now + d->retry_ms < d->deadline ? now + d->retry_ms : d->deadline;
    d->retry_ms = d->retry_ms * 2 < DIAL__MOST_RETRY_MS ? d->retry_ms * 2 : DIAL__MOST_RETRY_MS;
}

static void dial__tried(pp_conn *c, pp_status status, HANDLE handle)
{
    DWORD error;

    if (status != PP_OK) {
        dial__retry_or_end(c, status);
        return;
    }
    error = kernel_attach(&port_of(&c->strand)->kernel, &c->pipe, handle, false);
    if (error != ERROR_SUCCESS) {
        conn_end_error(c, error, "association with the port");
        return;
    }
    c->state = CONN_OPEN;
    dial_free(c);
}

/* Lets a thread of the pool try. */
static pp_status dial__try_elsewhere(pp_conn *c)
{
    struct dial *d = c->dial;
    attempt *a = mem_alloc_zeroed(sizeof *a);
    pp_status status;

    if (!a)
        return PP_E_MEMORY;
    a->request = d->request;
    a->strand = &c->strand;
    d->helper = a;
    if (TrySubmitThreadpoolCallback(dial__help, a, NULL))
        return PP_OK;
    status = error_from_windows(GetLastError());
    d->helper = NULL;
    mem_free(a);
    return status;
}

static void dial__try(pp_conn *c)
{
    struct dial *d = c->dial;
    HANDLE handle = NULL;
    DWORD error;
    pp_status status;

    kernel_count_other(&port_of(&c->strand)->kernel);
    if (d->request.path.local) {
        status = open_once(&d->request, &handle, &error);
        dial__tried(c, status, handle);
        return;
    }
    d->next_try = CLOCK_NEVER;
    status = dial__try_elsewhere(c);
    if (status != PP_OK)
        dial__retry_or_end(c, status);
}

void dial_advance(pp_conn *c, LONG events)
{
    struct dial *d = c->dial;
    uint64_t now = clock_ms();

    if (events & (CONN_DROP | CONN_CLOSE | STRAND_STOP | STRAND_ABORT))
        return; /* it ends; no need to try once more */
    if (d->helper && !d->one_try && now >= d->deadline)
        conn_end(c, PP_E_TIMEOUT);
    else if (!d->helper && now >= d->next_try)
        dial__try(c);
}

void dial_helped(pp_conn *c)
{
    attempt *a = c->dial->helper;

    c->dial->helper = NULL;
    if (c->state == CONN_DIALLING)
        dial__tried(c, a->status, a->handle);
    else if (a->status == PP_OK)
        CloseHandle(a->handle); /* it was cancelled meanwhile */
    mem_free(a);
}

bool dial_leave(pp_conn *c)
{
    struct dial *d = c->dial;

    if (d->helper && InterlockedExchange(&d->helper->left, 1) != 0)
        return false; /* it has the result already: the event is on its way */
    d->helper = NULL;
    return true;
}

uint64_t dial_deadline(const pp_conn *c)
{
    const struct dial *d = c->dial;

    return d->helper && !d->one_try ? d->deadline : d->next_try;
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
    status = open_prepare(&d->request, options->name, checked.mode, checked.direction,
                          options->server_process, options->server_user, error);
    *made = status == PP_OK ? conn_new(port, &checked) : NULL;
    if (!*made) {
        mem_free(d);
        return status != PP_OK ? status : error_set(error, PP_E_MEMORY, 0, "no memory");
    }
    d->one_try = options->timeout_ms == 0;
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
    if (conn)
        *conn = NULL;
    status = dial__new(port, options, &c, error);
    if (status != PP_OK)
        return status;
    if (!strand_join(&c->strand)) {
        dial_free(c);
        conn_discard(c);
        return error_set(error, PP_E_CLOSING, 0, "the port stops");
    }
    if (conn) {
        pp_conn_ref(c);
        *conn = c; /* before the first callback */
    }
    strand_go(&c->strand, CONN_START);
    return PP_OK;
}
