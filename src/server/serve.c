#include "server/serve.h"

#include "base/win.h"
#include "pipeport.h"
#include "server/output.h"
#include "server/report.h"
#include "server/settings.h"
#include "server/stop.h"

typedef struct serve {
    settings settings;
    pp_port *port;
    pp_mailslot *mailslot; /* NULL: there is none */
    pp_listener *listener;
} serve;

static void serve__log(void *user, pp_log_level level, const char *line)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    SYSTEMTIME now;

    (void)user;
    GetSystemTime(&now);
    output_format(OUTPUT_STDERR, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ %s %s", now.wYear, now.wMonth,
                  now.wDay, now.wHour, now.wMinute, now.wSecond, now.wMilliseconds, levels[level],
                  line);
}

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

/* The pipe comes last: when a client can connect, nothing can fail any more. */
static pp_status serve__open(serve *s, pp_error *error)
{
    settings *wanted = &s->settings;
    pp_status status;

    wanted->port.log = serve__log;
    status = pp_port_open(&s->port, &wanted->port, error);
    if (status == PP_OK && !wanted->no_mailslot)
        status = pp_mailslot_listen(s->port, &wanted->mailslot, &s->mailslot, error);
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
        serve__log(NULL, PP_LOG_WARN, "Ctrl-C will not be seen: Windows refuses the handler");
    serve__print_ready(s);
    pp_port_wait(s->port);
    stop_end();
    pp_port_stats(s->port, &stats);
    report_print_stopped(&stats, s->settings.json);
}

static int serve__fail(pp_status status, const pp_error *error)
{
    output_format(OUTPUT_STDERR, "pipeport: %s", error->message);
    return status == PP_E_ARGUMENT ? SERVE_WRONG_ARGUMENTS : SERVE_FAILED;
}

int serve_main(int count, char **arguments)
{
    serve s = {0};
    pp_error error = {PP_E_SYSTEM, 0, "the timer of the figures cannot be set"};
    pp_status status = settings_read(&s.settings, count, arguments, &error);
    int code = 0;

    if (status == PP_OK && s.settings.help) {
        settings_print_help();
    } else {
        if (status == PP_OK)
            status = serve__open(&s, &error);
        if (status == PP_OK)
            serve__run(&s);
        else
            code = serve__fail(status, &error);
        serve__close(&s);
    }
    settings_free(&s.settings);
    return code;
}
