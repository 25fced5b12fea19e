#include "server/serve.h"

#include "base/error.h"
#include "base/win.h"
#include "pipeport.h"
#include "server/arguments.h"
#include "server/check.h"
#include "server/config.h"
#include "server/control.h"
#include "server/exits.h"
#include "server/help.h"
#include "server/logger.h"
#include "server/output.h"
#include "server/report.h"
#include "server/stop.h"

#include <stdio.h>
#include <string.h>

typedef struct serve {
    program program;
    service_states services;
    logger logger;
    sessions sessions;
    control control;
    pp_port *port;
} serve;

static void serve__warn(serve *s, const char *line)
{
    if (s->program.port.log_level >= PP_LOG_WARN)
        logger_write(&s->logger, PP_LOG_WARN, line);
}

/* A timer's function: prints the figures, and sets the next timer. */
static void serve__stats(void *user, pp_status status)
{
    serve *s = user;
    pp_stats stats;

    if (status != PP_OK)
        return; /* the port stops */
    pp_port_stats(s->port, &stats);
    report_print_stats(&stats, s->program.json);
    pp_port_after(s->port, s->program.stats_interval_ms, serve__stats, s, NULL);
}

static pp_status serve__open_service(serve *s, endpoint *e, pp_error *error)
{
    void *state;
    pp_status status = service_open(&s->services, e->service, s->port, &state, error);

    return status == PP_OK ? endpoint_open(e, s->port, state, &s->sessions, error) : status;
}

static pp_status serve__fail_at(serve *s, const endpoint *e, pp_status status, pp_error *error)
{
    char place[WHERE_PLACE];
    const where w = config_where(&s->program, e, place);
    const pp_error inner = *error;

    return error_set(error, status, inner.windows_error, "%s%s", w.place, inner.message);
}

/* A second server that finds the standard mailslot taken serves its pipe alone. */
static pp_status serve__open_endpoint(serve *s, endpoint *e, pp_error *error)
{
    char line[sizeof error->message + 64];
    pp_status status;

    if (endpoint_raise_max_message(e)) {
        snprintf(line, sizeof line,
                 "%s: max_message is raised to 64K, the most that one read brings in stream mode",
                 utf_shorten(endpoint_name(e)).text);
        serve__warn(s, line);
    }
    status = serve__open_service(s, e, error);
    if (status == PP_OK)
        return status;
    if (status != PP_E_NAME_TAKEN || e->kind != SCOPE_MAILSLOT || e->named)
        return serve__fail_at(s, e, status, error);
    snprintf(line, sizeof line, "%s; the server opens no mailslot", error->message);
    serve__warn(s, line);
    return PP_OK;
}

static pp_status serve__open_kind(serve *s, scope kind, pp_error *error)
{
    pp_status status = PP_OK;

    for (size_t i = 0; i < s->program.endpoint_count && status == PP_OK; i++) {
        endpoint *e = &s->program.endpoints[i];

        if (e->kind == kind && !e->left_out)
            status = serve__open_endpoint(s, e, error);
    }
    return status;
}

/* Pipes come last: once a client can connect, less can fail. */
static pp_status serve__open_endpoints(serve *s, pp_error *error)
{
    pp_status status = serve__open_kind(s, SCOPE_MAILSLOT, error);

    return status == PP_OK ? serve__open_kind(s, SCOPE_PIPE, error) : status;
}

/* The timer comes before the endpoints: once a client can connect, nothing may fail any more. */
static pp_status serve__open(serve *s, pp_error *error)
{
    program *p = &s->program;
    pp_status status;

    if (!output_open())
        return error_set(error, PP_E_MEMORY, 0, "cannot start a thread for the output");
    logger_open(&s->logger, p->log_rate);
    sessions_init(&s->sessions);
    p->port.log = logger_write;
    p->port.log_user = &s->logger;
    status = pp_port_open(&s->port, &p->port, error);
    if (status == PP_OK && p->stats_interval_ms > 0)
        status = pp_port_after(s->port, p->stats_interval_ms, serve__stats, s, NULL);
    return status == PP_OK ? serve__open_endpoints(s, error) : status;
}

static void serve__close(serve *s)
{
    for (size_t i = 0; i < s->program.endpoint_count; i++)
        endpoint_close(&s->program.endpoints[i]);
    if (s->port)
        pp_port_close(&s->port);
    service_close_all(&s->services);
}

/* A line for each endpoint of a file, and then the first pipe and the first mailslot. */
static void serve__print_ready(serve *s)
{
    const endpoint *pipe = program_find(&s->program, SCOPE_PIPE);
    pp_stats stats;
    report_ready ready;

    for (size_t i = 0; s->program.config && i < s->program.endpoint_count; i++)
        if (!s->program.endpoints[i].left_out)
            report_print_endpoint(&s->program.endpoints[i], s->program.json);
    pp_port_stats(s->port, &stats);
    ready.pipe = endpoint_path(pipe);
    ready.mode = pipe ? endpoint_mode_name(pipe->listen.conn.mode) : "none";
    ready.mailslot = endpoint_path(program_find(&s->program, SCOPE_MAILSLOT));
    ready.workers = stats.workers;
    ready.pid = GetCurrentProcessId();
    report_print_ready(&ready, s->program.json);
}

/* False: the server has none, which may be meant. */
static bool serve__name_control(serve *s)
{
    const endpoint *first = program_find(&s->program, SCOPE_PIPE);
    const char *name = s->program.control;

    first = first ? first : &s->program.endpoints[0]; /* a mailslot: there is something to serve */
    if (name) {
        snprintf(s->control.name, sizeof s->control.name, "%s", name);
        return strcmp(name, PROGRAM_OFF) != 0;
    }
    if (control_name(endpoint_name(first), s->control.name))
        return true;
    serve__warn(s, "there is no control pipe: the first name cannot have .control behind it");
    return false;
}

/* The server goes on without: it serves its clients. */
static void serve__open_control(serve *s)
{
    char line[sizeof((pp_error *)NULL)->message + 48];
    pp_error error;

    if (!serve__name_control(s))
        return;
    s->control.program = &s->program;
    s->control.port = s->port;
    s->control.sessions = &s->sessions;
    s->control.stop = stop_port;
    if (control_open(&s->control, &error) == PP_OK)
        return;
    snprintf(line, sizeof line, "there is no control pipe: %s", error.message);
    serve__warn(s, line);
}

/* Serves until an event stops the port. */
static void serve__run(serve *s)
{
    pp_stats stats;

    if (stop_begin(s->port) != ERROR_SUCCESS)
        logger_write(&s->logger, PP_LOG_WARN,
                     "Windows refuses the console handler: Ctrl-C will not stop the server");
    serve__print_ready(s);
    serve__open_control(s);
    pp_port_wait(s->port);
    control_close(&s->control);
    stop_end();
    pp_port_stats(s->port, &stats);
    report_print_stopped(&stats, s->program.json);
}

static int serve__fail(pp_status status, const pp_error *error)
{
    output_format(OUTPUT_STDERR, "pipeport: %s", error->message);
    return status == PP_E_ARGUMENT ? EXITS_WRONG_ARGUMENTS : EXITS_FAILED;
}

static int serve__serve(serve *s)
{
    pp_error error = {PP_E_SYSTEM, 0, "cannot set the timer of --stats-interval"};
    pp_status status = serve__open(s, &error);
    int code = status == PP_OK ? 0 : serve__fail(status, &error);

    if (status == PP_OK)
        serve__run(s);
    serve__close(s);
    logger_close(&s->logger);
    output_close();
    return code;
}

/* Prints and ends. */
static int serve__print(serve *s)
{
    if (s->program.help)
        help_print();
    else if (s->program.example)
        help_print_example();
    else
        check_print(&s->program);
    return output_status(0);
}

int serve_main(int count, char **arguments)
{
    serve s = {0};
    program *p = &s.program;
    pp_error error;
    pp_status status = arguments_read(p, count, arguments, &error);
    int code;

    if (status == PP_OK && p->check)
        status = check_access(p, &error);
    if (status != PP_OK)
        code = serve__fail(status, &error);
    else if (p->help || p->example || p->check)
        code = serve__print(&s);
    else
        code = serve__serve(&s);
    program_free(p);
    return code;
}
