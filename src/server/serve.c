#include "server/serve.h"

#include "base/error.h"
#include "base/win.h"
#include "pipeport.h"
#include "server/exits.h"
#include "server/logger.h"
#include "server/output.h"
#include "server/report.h"
#include "server/settings.h"
#include "server/stop.h"

#include <stdio.h>

typedef struct serve {
    settings settings;
    logger logger;
    pp_port *port;
    pp_mailslot *mailslot; /* NULL: there is none */
    pp_listener *listener;
} serve;

/* A timer's function: it prints, and sets the next. */
static void serve__stats(void *user, pp_status status)
{
    serve *s = user;
    pp_stats stats;

    if (status != PP_OK)
        return; /* the port stops */
    pp_port_stats(s->port, &stats);
    report_print_stats(&stats);
    pp_port_after(s->port, s->settings.stats_interval_ms, serve__stats, s, NULL);
}

/* A second server finds the standard name taken: it serves its pipe, and no mailslot. */
static pp_status serve__open_mailslot(serve *s, pp_error *error)
{
    settings *wanted = &s->settings;
    char line[sizeof error->message + 32];
    pp_status status;

    if (wanted->no_mailslot)
        return PP_OK;
    status = pp_mailslot_listen(s->port, &wanted->mailslot, &s->mailslot, error);
    if (status != PP_E_NAME_TAKEN || wanted->mailslot_asked)
        return status;
    snprintf(line, sizeof line, "%s; no mailslot is served", error->message);
    if (wanted->port.log_level >= PP_LOG_WARN)
        logger_write(&s->logger, PP_LOG_WARN, line);
    return PP_OK;
}

/* The pipe comes last: when a client can connect, nothing can fail any more. */
static pp_status serve__open(serve *s, pp_error *error)
{
    settings *wanted = &s->settings;
    pp_status status;

    if (!output_open())
        return error_set(error, PP_E_MEMORY, 0, "no thread for the output");
    logger_open(&s->logger, wanted->log_rate);
    wanted->port.log = logger_write;
    wanted->port.log_user = &s->logger;
    status = pp_port_open(&s->port, &wanted->port, error);
    if (status == PP_OK)
        status = serve__open_mailslot(s, error);
    if (status == PP_OK && wanted->stats_interval_ms > 0)
        status = pp_port_after(s->port, wanted->stats_interval_ms, serve__stats, s, NULL);
    if (status == PP_OK)
        status = pp_listen(s->port, &wanted->listen, &s->listener, error);
    return status;
}

static void serve__close(serve *s)
{
    if (s->listener)
        pp_listener_close(&s->listener);
    if (s->mailslot)
        pp_mailslot_close(&s->mailslot);
    if (s->port)
        pp_port_close(&s->port);
}

static void serve__print_ready(serve *s)
{
    pp_stats stats;
    report_ready ready;

    pp_port_stats(s->port, &stats);
    ready.pipe = pp_listener_path(s->listener);
    ready.mode = settings_mode_name(s->settings.listen.conn.mode);
    ready.mailslot = s->mailslot ? pp_mailslot_path(s->mailslot) : "none";
    ready.workers = stats.workers;
    ready.pid = GetCurrentProcessId();
    report_print_ready(&ready, s->settings.json);
}

/* Serves until somebody asks it to stop. */
static void serve__run(serve *s)
{
    pp_stats stats;

    if (stop_begin(s->port) != ERROR_SUCCESS)
        logger_write(&s->logger, PP_LOG_WARN,
                     "Ctrl-C will not be seen: Windows refuses the handler");
    serve__print_ready(s);
    pp_port_wait(s->port);
    stop_end();
    pp_port_stats(s->port, &stats);
    report_print_stopped(&stats, s->settings.json);
}

static int serve__fail(pp_status status, const pp_error *error)
{
    output_format(OUTPUT_STDERR, "pipeport: %s", error->message);
    return status == PP_E_ARGUMENT ? EXITS_WRONG_ARGUMENTS : EXITS_FAILED;
}

static int serve__serve(serve *s)
{
    pp_error error = {PP_E_SYSTEM, 0, "the timer of the figures cannot be set"};
    pp_status status = serve__open(s, &error);
    int code = status == PP_OK ? 0 : serve__fail(status, &error);

    if (status == PP_OK)
        serve__run(s);
    serve__close(s);
    logger_close(&s->logger);
    output_close();
    return code;
}

int serve_main(int count, char **arguments)
{
    serve s = {0};
    pp_error error;
    pp_status status = settings_read(&s.settings, count, arguments, &error);
    int code;

    if (status != PP_OK) {
        code = serve__fail(status, &error);
    } else if (s.settings.help) {
        settings_print_help();
        code = output_status(0);
    } else {
        code = serve__serve(&s);
    }
    settings_free(&s.settings);
    return code;
}
