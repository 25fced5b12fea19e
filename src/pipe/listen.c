/*
 * What users call: listening on a name, and closing.
 */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "pipe/conn.h"
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

/* The name must be ours alone: Windows sees to that with FILE_FLAG_FIRST_PIPE_INSTANCE; where that
 * flag is not honoured, the count of the instances tells. */
static DWORD listen__make_first(pp_listener *l)
{
    DWORD count = 0;

    l->first = instance_make(l, true);
    if (!l->first)
        return GetLastError();
    kernel_count_other(l->strand.port);
    if (!GetNamedPipeHandleStateW(l->first->pipe.handle, NULL, &count, NULL, NULL, NULL, 0) ||
        count <= 1)
        return ERROR_SUCCESS;
    instance_discard(l->first);
    l->first = NULL;
    return ERROR_ALREADY_EXISTS;
}

/* The process that serves the name, or 0. To the owner it is a client that comes and leaves. */
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

static pp_status listen__explain(const pp_listener *l, DWORD code, pp_error *error)
{
    ULONG process;

    switch (code) {
    case ERROR_ACCESS_DENIED: /* what FILE_FLAG_FIRST_PIPE_INSTANCE answers */
    case ERROR_PIPE_BUSY:
    case ERROR_ALREADY_EXISTS:
        process = listen__owner(&l->path);
        if (process == 0)
            return error_set(error, PP_E_NAME_TAKEN, code, "%s is taken by another process",
                             utf_shorten(l->path.text).text);
        return error_set(error, PP_E_NAME_TAKEN, code, "%s is taken by process %lu",
                         utf_shorten(l->path.text).text, (unsigned long)process);
    default:
        return error_set_windows(error, code, l->path.text);
    }
}

static pp_status listen__init(pp_listener *l, pp_port *port, const pp_listen_options *options,
                              pp_error *error)
{
    pp_status status;

    strand_init(&l->strand, port, listener_turn);
    l->refs = 1;
    l->options = *options;
    l->target = options->accept_depth < LISTENER_LEAST_WAITING ? (size_t)options->accept_depth
                                                               : LISTENER_LEAST_WAITING;
    list_init(&l->waiting);
    users_init(&l->users);
    InitializeSRWLock(&l->lock);
    status = name_parse(&l->path, NAME_PIPE, options->name, true, "pipe", error);
    if (status == PP_OK)
        status = option_check(&option_listen_table, options, error);
    if (status == PP_OK)
        status = conn_check_options(port, &options->conn, &l->options.conn, error);
    if (status == PP_OK)
        status = security_open(&l->security, &options->access, false, error);
    return status;
}

/* Takes the name, and joins the port. On failure nothing is left but `l`. */
static pp_status listen__start(pp_listener *l, pp_error *error)
{
    DWORD code;

    if (!timer_open(&l->retry, &l->strand, LISTENER_RETRY))
        return error_set(error, PP_E_MEMORY, 0, "no memory for a listener");
    if (!budget_join(&l->strand.port->budget, l->options.conn.max_message)) {
        timer_close(&l->retry);
        return error_set(error, PP_E_MEMORY, 0, "no memory for a listener");
    }
    code = listen__make_first(l);
    if (code == ERROR_SUCCESS && strand_join(&l->strand))
        return PP_OK;
    budget_leave(&l->strand.port->budget, l->options.conn.max_message);
    timer_close(&l->retry);
    if (code != ERROR_SUCCESS)
        return listen__explain(l, code, error);
    instance_discard(l->first);
    return error_set(error, PP_E_CLOSING, 0, "the port stops");
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

const char *pp_listener_path(pp_listener *l)
{
    return l ? l->path.text : "";
}
