#include "server/control.h"

#include "base/error.h"
#include "base/mem.h"
#include "server/report.h"

#include <cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONTROL__SUFFIX ".control"
#define CONTROL__DRAIN_LOOK_MS 100u
#define CONTROL__MOST_ASKING 16            /* clients of the control pipe at once */
#define CONTROL__IDLE_MS (60u * 60 * 1000) /* after which one that asks nothing is ended */
#define CONTROL__DRAIN_MS 500u /* the server ends soon, also if an asker does not read */
#define CONTROL__MOST_QUEUED (64u * 1024 * 1024)

/* A client of the control pipe: its line that is not whole yet. */
typedef struct control__asker {
    control *control;
    size_t have;
    char line[CONTROL_LINE];
} control__asker;

/* ---- Answers -------------------------------------------------------------------------------- */

static cJSON *control__refuse(const char *format, ...)
{
    cJSON *answer = cJSON_CreateObject();
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    utf_format(text, sizeof text, format, arguments);
    va_end(arguments);
    cJSON_AddBoolToObject(answer, "ok", false);
    cJSON_AddStringToObject(answer, "error", text);
    return answer;
}

static cJSON *control__ok(void)
{
    cJSON *answer = cJSON_CreateObject();

    cJSON_AddBoolToObject(answer, "ok", true);
    return answer;
}

static cJSON *control__stats(control *c, const cJSON *request)
{
    cJSON *answer = control__ok();
    pp_stats stats;

    (void)request;
    pp_port_stats(c->port, &stats);
    cJSON_AddBoolToObject(answer, "draining", c->draining);
    report_add_stats(&stats, cJSON_AddObjectToObject(answer, "stats"));
    return answer;
}

static void control__add_client(cJSON *clients, const session_seen *s)
{
    cJSON *client = cJSON_CreateObject();

    report_add_number(client, "id", s->id);
    cJSON_AddStringToObject(client, "pipe", s->name);
    report_add_number(client, "process", s->peer.process_id);
    cJSON_AddStringToObject(client, "user", s->peer.user);
    report_add_number(client, "age_ms", s->age_ms);
    report_add_number(client, "messages_in", s->messages_in);
    report_add_number(client, "messages_out", s->messages_out);
    report_add_number(client, "bytes_in", s->bytes_in);
    report_add_number(client, "bytes_out", s->bytes_out);
    report_add_number(client, "queued", s->queued);
    cJSON_AddItemToArray(clients, client);
}

static cJSON *control__clients(control *c, const cJSON *request)
{
    const cJSON *most = cJSON_GetObjectItemCaseSensitive(request, "most");
    size_t count, total, limit = CONTROL_CLIENTS;
    session_seen *seen;
    cJSON *answer, *clients;

    if (most && !(cJSON_IsNumber(most) && most->valuedouble >= 1 &&
                  most->valuedouble <= CONTROL_MOST_CLIENTS))
        return control__refuse("most is no number; allowed: 1 to %d", CONTROL_MOST_CLIENTS);
    if (most)
        limit = (size_t)most->valuedouble;
    seen = sessions_look(c->sessions, limit, &count, &total);
    if (!seen)
        return control__refuse("no memory");
    answer = control__ok();
    report_add_number(answer, "total", total);
    clients = cJSON_AddArrayToObject(answer, "clients");
    for (size_t i = 0; i < count; i++)
        control__add_client(clients, &seen[i]);
    mem_free(seen);
    return answer;
}

static cJSON *control__drop(control *c, const cJSON *request)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");
    if (!cJSON_IsNumber(id) || id->valuedouble < 1 || id->valuedouble > 9e15)
        return control__refuse("id is missing, or no number; allowed: the id of a client");
    if (sessions_drop(c->sessions, (uint64_t)id->valuedouble))
        return control__ok();
    return control__refuse("no client has the id %.0f", id->valuedouble);
}

/* A timer's function: stops the server once the last client has left. */
static void control__look_whether_drained(void *user, pp_status status)
{
    control *c = user;
    pp_stats stats;

    if (status != PP_OK)
        return;
    pp_port_stats(c->port, &stats);
    if (stats.connections_now == 0 ||
        pp_port_after(c->own, CONTROL__DRAIN_LOOK_MS, control__look_whether_drained, c, NULL) !=
            PP_OK)
        c->stop(false);
}

static cJSON *control__drain(control *c, const cJSON *request)
{
    (void)request;
    if (!c->draining) {
        c->draining = true;
        for (size_t i = 0; i < c->program->endpoint_count; i++)
            if (c->program->endpoints[i].kind == SCOPE_PIPE)
                endpoint_close(&c->program->endpoints[i]);
        /* Not at once: a client that has just been let in is not counted yet. */
        if (pp_port_after(c->own, CONTROL__DRAIN_LOOK_MS, control__look_whether_drained, c, NULL) !=
            PP_OK)
            c->stop(false);
    }
    return control__ok();
}

static cJSON *control__stop(control *c, const cJSON *request)
{
    c->stop(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, "now")));
    return control__ok();
}

static const struct {
    const char *name;
    cJSON *(*answer)(control *c, const cJSON *request);
} control__commands[] = {
    {"stats", control__stats}, {"clients", control__clients}, {"drop", control__drop},
    {"drain", control__drain}, {"stop", control__stop},
};

#define CONTROL__COMMANDS (sizeof control__commands / sizeof *control__commands)

static cJSON *control__answer(control *c, const char *line)
{
    cJSON *request = cJSON_Parse(line), *answer = NULL;
    const cJSON *command = cJSON_GetObjectItemCaseSensitive(request, "command");

    for (size_t i = 0; i < CONTROL__COMMANDS && cJSON_IsString(command); i++)
        if (strcmp(control__commands[i].name, command->valuestring) == 0)
            answer = control__commands[i].answer(c, request);
    if (!request)
        answer = control__refuse("the line is no JSON; allowed: {\"command\": ...}");
    else if (!answer)
        answer =
            control__refuse("command is \"%s\"; allowed: stats, clients, drop, drain or stop",
                            cJSON_IsString(command) ? utf_shorten(command->valuestring).text : "");
    cJSON_Delete(request);
    return answer;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

/* An asker that does not take its answers is ended: PP_E_REFUSED. */
static pp_status control__send_line(pp_conn *conn, const cJSON *answer)
{
    char *text = cJSON_PrintUnformatted(answer);
    pp_status status = text ? pp_conn_send(conn, text, strlen(text)) : PP_E_MEMORY;

    cJSON_free(text);
    if (status == PP_OK)
        status = pp_conn_send(conn, "\n", 1);
    return status == PP_E_AGAIN ? PP_E_REFUSED : status;
}

static pp_status control__take_line(pp_conn *conn, control__asker *a)
{
    cJSON *answer;
    pp_status status;

    a->line[a->have] = 0;
    a->have = 0;
    answer = control__answer(a->control, a->line);
    status = control__send_line(conn, answer);
    cJSON_Delete(answer);
    return status;
}

static pp_status control__message(pp_conn *conn, void *user, const void *data, size_t length)
{
    control__asker *a = user;
    const char *bytes = data;
    pp_status status = a ? PP_OK : PP_E_MEMORY;

    for (size_t i = 0; i < length && status == PP_OK; i++)
        if (bytes[i] == '\n')
            status = control__take_line(conn, a);
        else if (a->have < CONTROL_LINE - 1)
            a->line[a->have++] = bytes[i];
        else
            status = PP_E_TOO_LONG;
    return status;
}

static void control__opened(pp_conn *conn, void *user)
{
    control__asker *a = mem_alloc(sizeof *a);

    if (a) {
        a->control = user;
        a->have = 0;
    }
    pp_conn_set_user(conn, a);
}

static void control__closed(pp_conn *conn, void *user, pp_status reason)
{
    (void)conn, (void)reason;
    mem_free(user);
}

/* ---- Opening -------------------------------------------------------------------------------- */

bool control_name(const char *pipe, char name[NAME_PATH_SIZE])
{
    name_path path;

    snprintf(name, NAME_PATH_SIZE, "%s" CONTROL__SUFFIX, pipe);
    return name_parse(&path, NAME_PIPE, name, true, "", NULL) == PP_OK;
}

static void control__options(control *c, pp_listen_options *o)
{
    pp_listen_options_init(o);
    o->name = c->name;
    o->accept_ready = 2;
    o->accept_depth = o->max_clients = CONTROL__MOST_ASKING;
    o->refuse_unknown = true;
    o->conn.lane = PP_LANE_OFF;
    o->conn.max_message = o->conn.high_mark = CONTROL__MOST_QUEUED;
    o->conn.idle_timeout_ms = CONTROL__IDLE_MS;
    o->conn.drain_timeout_ms = CONTROL__DRAIN_MS;
    o->conn.handlers = (pp_handlers){
        .on_open = control__opened, .on_message = control__message, .on_close = control__closed};
    o->conn.user = c;
}

/* Its connections have numbers of their own. */
static void control__log(void *user, pp_log_level level, const char *line)
{
    const control *c = user;
    char marked[512];

    utf_fit(marked, sizeof marked, "control pipe: ");
    utf_fit(marked + strlen(marked), sizeof marked - strlen(marked), line);
    c->program->port.log(c->program->port.log_user, level, marked);
}

pp_status control_open(control *c, pp_error *error)
{
    pp_port_options options;
    pp_listen_options listen;
    pp_status status;

    pp_port_options_init(&options);
    options.workers = 1;
    options.log = control__log;
    options.log_user = c;
    options.log_level =
        c->program->port.log_level < PP_LOG_WARN ? c->program->port.log_level : PP_LOG_WARN;
    status = pp_port_open(&c->own, &options, error);
    if (status != PP_OK)
        return status;
    control__options(c, &listen);
    return pp_listen(c->own, &listen, &c->listener, error);
}

void control_close(control *c)
{
    if (c->listener)
        pp_listener_close(&c->listener);
    if (c->own)
        pp_port_close(&c->own);
}
