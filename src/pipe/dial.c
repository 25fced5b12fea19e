/*
 * What users call to dial: makes a connection whose dialler opens the name.
 */
#include "base/error.h"
#include "base/options.h"
#include "pipe/conn_options.h"
#include "pipe/conn_turn.h"

void pp_dial_options_init(pp_dial_options *options)
{
    if (!options)
        return;
    *options = (pp_dial_options){0};
    options->name = "pipeport";
    option_set_defaults(&option_conn_table, &options->conn);
    option_set_defaults(&option_dial_table, options);
}

static pp_status dial__check(pp_port *port, const pp_dial_options *options,
                             pp_conn_options *checked, open_request *request, pp_error *error)
{
    pp_status status;

    if (!port || !options)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    status = option_check(&option_dial_table, options, error);
    if (status == PP_OK)
        status = conn_check_options(port, &options->conn, checked, error);
    if (status == PP_OK)
        status = open_prepare(request, options->name, checked->mode, checked->direction,
                              options->server_process, options->server_user, error);
    return status;
}

/* NULL: no memory. */
static pp_conn *dial__new(pp_port *port, const pp_conn_options *options,
                          const open_request *request, uint64_t timeout_ms)
{
    pp_conn *c = conn_new(port, options);

    if (!c)
        return NULL;
    c->dialler = dialler_new(request, timeout_ms, &c->strand, CONN_OPENED);
    if (c->dialler)
        return c;
    conn_discard(c);
    return NULL;
}

pp_status pp_dial(pp_port *port, const pp_dial_options *options, pp_conn **conn, pp_error *error)
{
    pp_conn_options checked = {0};
    open_request request;
    pp_conn *c;
    pp_status status = dial__check(port, options, &checked, &request, error);

    if (conn)
        *conn = NULL;
    if (status != PP_OK)
        return status;
    c = dial__new(port, &checked, &request, options->timeout_ms);
    if (!c)
        return error_set(error, PP_E_MEMORY, 0, "no memory for a connection");
    if (!strand_join(&c->strand)) {
        conn_discard(c);
        return error_set(error, PP_E_CLOSING, 0, "the port is stopping");
    }
    conn_hand_out(c, conn);
    conn_start(c);
    return PP_OK;
}
