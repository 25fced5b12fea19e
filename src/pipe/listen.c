/*
 * What users call on listeners: to listen on a name, to set limits, to close.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "pipe/conn_options.h"
#include "pipe/framing.h"
#include "pipe/listener.h"

void pp_listen_options_init(pp_listen_options *options)
{
    if (!options)
        return;
    *options = (pp_listen_options){0};
    options->name = "pipeport";
    option_set_defaults(&option_conn_table, &options->conn);
    option_set_defaults(&option_listen_table, options);
}

/* ---- Opening and closing -------------------------------------------------------------------- */

/* Only we may have the name: FILE_FLAG_FIRST_PIPE_INSTANCE makes Windows see to that. Where a
 * system ignores the flag, the count of instances tells. */
static DWORD listen__make_first(pp_listener *l)
{
    DWORD count = 0;
    instance *i = instance_make(&l->kind, true);

    if (!i)
        return win_last_error();
    kernel_count_other(l->kind.kernel);
    if (GetNamedPipeHandleStateW(i->pipe.handle, NULL, &count, NULL, NULL, NULL, 0) && count > 1) {
        instance_discard(i, l->kind.kernel);
        return ERROR_ALREADY_EXISTS;
    }
    fifo_append(&l->made, &i->came);
    return ERROR_SUCCESS;
}

static void listen__discard_made(pp_listener *l)
{
    for (fifo_link *link; (link = fifo_take(&l->made)) != NULL;)
        instance_discard(CONTAINER_OF(link, instance, came), l->kind.kernel);
}

/* Makes all instances that should be ready; clients can open them from here on. On failure none is
 * left, and `*first` tells whether the first one failed. */
static DWORD listen__make_all(pp_listener *l, bool *first)
{
    uint64_t wanted = l->options.accept_ready < l->options.max_clients ? l->options.accept_ready
                                                                       : l->options.max_clients;
    DWORD error = listen__make_first(l);

    *first = error != ERROR_SUCCESS;
    for (uint64_t made = 1; error == ERROR_SUCCESS && made < wanted; made++) {
        instance *i = instance_make(&l->kind, false);

        if (i)
            fifo_append(&l->made, &i->came);
        else
            error = win_last_error();
    }
    if (error != ERROR_SUCCESS)
        listen__discard_made(l);
    return error;
}

/* The process that serves the name, or 0. To that process this is a client that comes and
 * leaves. */
static ULONG listen__owner(const name_path *path)
{
    HANDLE pipe = CreateFileW(path->wide, FILE_READ_ATTRIBUTES, 0, NULL, OPEN_EXISTING,
                              SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
    ULONG process = 0;

    if (pipe == INVALID_HANDLE_VALUE)
        return 0;
    if (!GetNamedPipeServerProcessId(pipe, &process))
        process = 0;
    CloseHandle(pipe);
    return process;
}

static pp_status listen__say_taken(const pp_listener *l, DWORD code, pp_error *error)
{
    utf_short path = utf_shorten(l->kind.path.text);
    ULONG process;

    if (listener_is_ours(&l->kind.path))
        return error_set(error, PP_E_NAME_TAKEN, code,
                         "%s is taken by process %lu, this one: a listener has it until its "
                         "on_close",
                         path.text, (unsigned long)GetCurrentProcessId());
    process = listen__owner(&l->kind.path);
    if (process == 0)
        return error_set(error, PP_E_NAME_TAKEN, code, "%s is taken by another process", path.text);
    return error_set(error, PP_E_NAME_TAKEN, code, "%s is taken by process %lu", path.text,
                     (unsigned long)process);
}

/* WaitNamedPipe needs no right. */
static bool listen__exists(const name_path *path)
{
    return WaitNamedPipeW(path->wide, NMPWAIT_NOWAIT) || GetLastError() != ERROR_FILE_NOT_FOUND;
}

/* FILE_FLAG_FIRST_PIPE_INSTANCE fails with "access denied" if the name is taken. Windows gives the
 * same error if this process may not have the name. Every further instance needs a right of its
 * own. */
static pp_status listen__explain(const pp_listener *l, bool first, DWORD code, pp_error *error)
{
    bool denied = code == ERROR_ACCESS_DENIED;

    if (!first && denied)
        return error_set(error, PP_E_ACCESS, code, "%s" LISTENER_NOT_ALLOWED,
                         utf_shorten(l->kind.path.text).text);
    if (first && denied && !listen__exists(&l->kind.path))
        return error_set(error, PP_E_ACCESS, code,
                         "%s: Windows denies this process the name, although it is not taken",
                         utf_shorten(l->kind.path.text).text);
    if (first && (denied || code == ERROR_PIPE_BUSY || code == ERROR_ALREADY_EXISTS))
        return listen__say_taken(l, code, error);
    return error_set_windows(error, code, l->kind.path.text);
}

/* The option that needs to know who clients are. Windows tells that only after they have sent
 * something. */
static const char *listen__asks_for(const pp_listen_options *options)
{
    return options->max_clients_per_user > 0    ? "max_clients_per_user"
           : options->max_connects_per_user > 0 ? "max_connects_per_user"
           : options->refuse_unknown            ? "refuse_unknown"
           : options->conn.handlers.on_identity ? "on_identity"
                                                : NULL;
}

static pp_status listen__check(const pp_listen_options *options, pp_direction direction,
                               pp_error *error)
{
    pp_status status = option_check(&option_listen_table, options, error);
    const char *asks = listen__asks_for(options);

    if (status == PP_OK && direction == PP_DIRECTION_OUTBOUND && asks)
        status = error_set(
            error, PP_E_ARGUMENT, 0,
            "%s is set, but direction is outbound (2); allowed: unset, since only clients "
            "that send show who they are",
            asks);
    if (status == PP_OK && options->accept_ready > options->accept_depth)
        status = error_set(error, PP_E_ARGUMENT, 0,
                           "accept_ready is %llu; allowed: at most accept_depth, which is %llu",
                           (unsigned long long)options->accept_ready,
                           (unsigned long long)options->accept_depth);
    return status;
}

static pp_status listen__init(pp_listener *l, pp_port *port, const pp_listen_options *options,
                              pp_error *error)
{
    pp_status status;

    strand_init(&l->strand, &port->strands, listener_turn);
    l->refs = 1;
    l->options = *options;
    l->retry_at = CLOCK_NEVER;
    l->wanted = *options;
    l->kind.kernel = &port->kernel;
    l->kind.host = &l->host;
    l->kind.mode = options->conn.mode;
    l->kind.allow_remote = options->access.allow_remote;
    l->kind.quota =
        (DWORD)(options->conn.mode == PP_MODE_FRAMED && options->conn.lane == PP_LANE_AUTO
                    ? framing_mark(options->pipe_buffer)
                    : options->pipe_buffer);
    l->kind.wait_timeout_ms = (DWORD)options->wait_timeout_ms;
    list_init(&l->waiting);
    list_init(&l->sibling);
    listener_init_host(l);
    InitializeSRWLock(&l->lock);
    status = name_parse(&l->kind.path, NAME_PIPE, options->name, true, "pipe", error);
    if (status == PP_OK)
        status = listen__check(options, options->conn.direction, error);
    if (status == PP_OK)
        status = conn_check_options(port, &options->conn, &l->options.conn, error);
    if (status == PP_OK)
        status = security_open(&l->kind.security, &options->access, false, error);
    return status;
}

/* Takes the name, and joins the port. On failure nothing is left but `l`. */
static pp_status listen__start(pp_listener *l, pp_error *error)
{
    bool first;
    DWORD code;

    if (!timer_open(&l->timer, &port_of(&l->strand)->timers, &l->strand, LISTENER_TIMER))
        return error_set(error, PP_E_MEMORY, 0, "no memory for a listener");
    if (!budget_join(&port_of(&l->strand)->budget, l->options.conn.max_message)) {
        timer_close(&l->timer);
        return error_set(error, PP_E_MEMORY, 0, "no memory for a listener");
    }
    code = listen__make_all(l, &first);
    if (code == ERROR_SUCCESS && strand_join(&l->strand))
        return PP_OK;
    budget_leave(&port_of(&l->strand)->budget, l->options.conn.max_message);
    timer_close(&l->timer);
    if (code != ERROR_SUCCESS)
        return listen__explain(l, first, code, error);
    listen__discard_made(l);
    return error_set(error, PP_E_CLOSING, 0, "the port is stopping");
}

pp_status pp_listen(pp_port *port, const pp_listen_options *options, pp_listener **listener,
                    pp_error *error)
{
    pp_listener *l;
    pp_status status;

    if (!port || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    if (listener)
        *listener = NULL;
    l = mem_alloc_zeroed(sizeof *l);
    if (!l)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a listener");
    status = listen__init(l, port, options, error);
    if (status == PP_OK)
        status = listen__start(l, error);
    if (status != PP_OK) {
        listener_unref(l);
        return status;
    }
    listener_enter(l);
    if (listener) {
        l->refs = 2;
        *listener = l; /* before the first callback */
    }
    strand_go(&l->strand, LISTENER_CAME);
    return PP_OK;
}

pp_status pp_listener_close(pp_listener **listener)
{
    pp_listener *l = listener ? *listener : NULL;

    if (!l)
        return PP_E_ARGUMENT;
    *listener = NULL;
    strand_raise(&l->strand, LISTENER_CLOSE);
    listener_unref(l);
    return PP_OK;
}

pp_status pp_listener_set_limits(pp_listener *l, const pp_listen_options *options, pp_error *error)
{
    pp_status status;

    if (!l || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", l ? "options" : "listener");
    status = listen__check(options, l->options.conn.direction, error);
    if (status != PP_OK)
        return status;
    AcquireSRWLockExclusive(&l->lock);
    l->wanted = *options;
    ReleaseSRWLockExclusive(&l->lock);
    users_set_limits(&l->host.users, options->max_clients_per_user, options->max_connects_per_user);
    strand_raise(&l->strand, LISTENER_LIMITS);
    return PP_OK;
}

const char *pp_listener_path(pp_listener *l)
{
    return l ? l->kind.path.text : "";
}
