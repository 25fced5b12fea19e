/*
 * Connections of handles that somebody else opened.
 */
#include "base/error.h"
#include "pipe/conn.h"

static pp_status adopt__refuse(HANDLE handle, pp_status status)
{
    CloseHandle(handle);
    return status;
}

pp_status pp_conn_adopt(pp_port *port, void *handle, const pp_conn_options *options, pp_conn **conn,
                        pp_error *error)
{
    pp_conn_options checked;
    kernel_handle pipe = KERNEL_NO_HANDLE;
    pp_status status;
    pp_conn *c;
    DWORD flags = 0, code;

    if (!handle || handle == INVALID_HANDLE_VALUE)
        return error_set(error, PP_E_ARGUMENT, 0, "handle is none");
    if (conn)
        *conn = NULL;
    if (!port || !options)
        return adopt__refuse(
            handle, error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port"));
    status = conn_check_options(port, options, &checked, error);
    if (status != PP_OK)
        return adopt__refuse(handle, status);
    c = conn_new(port, &checked);
    if (!c)
        return adopt__refuse(handle, error_set(error, PP_E_MEMORY, 0, "no memory"));
    c->zero_is_end = !GetNamedPipeInfo(handle, &flags, NULL, NULL, NULL);
    c->serving = (flags & PIPE_SERVER_END) != 0;
    code = kernel_attach(port, &pipe, handle);
    if (code != ERROR_SUCCESS) {
        conn_discard(c);
        return error_set_windows(error, code, "the handle cannot be on a port");
    }
    if (!strand_join(&c->strand)) {
        conn_discard(c);
        kernel_close(port, &pipe);
        return error_set(error, PP_E_CLOSING, 0, "the port stops");
    }
    /* At once, for who opened it may have set the modes already. */
    kernel_tune(port, &pipe, checked.mode != PP_MODE_MESSAGE);
    c->pipe = pipe;
    c->state = CONN_OPEN;
    if (conn) {
        pp_conn_ref(c);
        *conn = c; /* before the first callback */
    }
    strand_go(&c->strand, CONN_START);
    return PP_OK;
}
