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

pp_status adopt_join(pp_port *port, HANDLE handle, const pp_conn_options *options, pp_conn **conn,
                     pp_error *error)
{
    pp_conn_options checked;
    pp_status status = conn_check_options(port, options, &checked, error);
    pp_conn *c;
    DWORD flags = 0, code;

    if (status != PP_OK)
        return adopt__refuse(handle, status);
    c = conn_new(port, &checked);
    if (!c)
        return adopt__refuse(handle, error_set(error, PP_E_MEMORY, 0, "no memory"));
    c->zero_is_end = !GetNamedPipeInfo(handle, &flags, NULL, NULL, NULL);
    c->serving = (flags & PIPE_SERVER_END) != 0;
    code = kernel_attach(port, &c->pipe, handle);
    if (code != ERROR_SUCCESS) {
        conn_discard(c);
        return error_set_windows(error, code, "the handle cannot be on a port");
    }
    if (!strand_join(&c->strand)) {
        conn_discard(c);
        return error_set(error, PP_E_CLOSING, 0, "the port stops");
    }
    conn_tune(c); /* at once, for who opened it may have set the modes already */
    c->state = CONN_OPEN;
    *conn = c;
    return PP_OK;
}

pp_status pp_conn_adopt(pp_port *port, void *handle, const pp_conn_options *options, pp_conn **conn,
                        pp_error *error)
{
    pp_status status;
    pp_conn *c;

    if (conn)
        *conn = NULL;
    if (!handle || handle == INVALID_HANDLE_VALUE)
        return error_set(error, PP_E_ARGUMENT, 0, "handle is none");
    if (!port || !options)
        return adopt__refuse(
            handle, error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port"));
    status = adopt_join(port, handle, options, &c, error);
    if (status != PP_OK)
        return status;
    if (conn) {
        pp_conn_ref(c);
        *conn = c; /* before the first callback */
    }
    strand_go(&c->strand, CONN_START);
    return PP_OK;
}
