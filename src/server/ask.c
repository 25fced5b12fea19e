#include "server/ask.h"

#include "base/error.h"
#include "base/mem.h"
#include "server/control.h"
#include "server/exits.h"
#include "server/output.h"
#include "server/report.h"

#include <cJSON.h>
#include <stdio.h>
#include <string.h>

#define ASK__WAIT_MS 5000u /* for a server that starts, or that is busy */
#define ASK__ANSWER_MS 30000u
#define ASK__DIGITS 15 /* of an id: what JSON keeps exactly */
#define ASK__FIRST_ROOM 65536u
#define ASK__MOST_ROOM (64u * 1024 * 1024)

typedef struct ask {
    const char *command, *name, *id; /* id NULL: none yet */
    bool json, now;
} ask;

static const char *const ask__commands[] = {"stats", "clients", "drop", "drain", "stop"};

bool ask_has(const char *command)
{
    for (size_t i = 0; i < sizeof ask__commands / sizeof *ask__commands; i++)
        if (strcmp(ask__commands[i], command) == 0)
            return true;
    return false;
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static bool ask__drops(const ask *a)
{
    return strcmp(a->command, "drop") == 0;
}

static void ask__usage(const ask *a)
{
    output_format(OUTPUT_STDERR, "pipeport: allowed: pipeport %s%s [NAME] [--json]%s", a->command,
                  ask__drops(a) ? " ID" : "", strcmp(a->command, "stop") == 0 ? " [--now]" : "");
}

static bool ask__take(ask *a, const char *argument, bool *named)
{
    if (strcmp(argument, "--json") == 0) {
        a->json = true;
    } else if (strcmp(argument, "--now") == 0 && strcmp(a->command, "stop") == 0) {
        a->now = true;
    } else if (argument[0] == '-') {
        return false;
    } else if (ask__drops(a) && !a->id) {
        a->id = argument;
        return *argument && strlen(argument) <= ASK__DIGITS &&
               strspn(argument, "0123456789") == strlen(argument);
    } else {
        a->name = argument;
        return !*named && (*named = true);
    }
    return true;
}

static bool ask__read(ask *a, int count, char **arguments)
{
    bool named = false;

    for (int i = 0; i < count; i++)
        if (!ask__take(a, arguments[i], &named))
            return false;
    return !ask__drops(a) || a->id;
}

/* ---- Asking --------------------------------------------------------------------------------- */

static pp_status ask__open(const ask *a, pp_client **client, pp_error *error)
{
    char name[NAME_PATH_SIZE];
    pp_client_options options;
    pp_error inner;
    pp_status status;

    if (!control_name(a->name, name))
        return error_set(error, PP_E_ARGUMENT, 0, "NAME is \"%s\"; allowed: the name of a pipe",
                         utf_shorten(a->name).text);
    pp_client_options_init(&options);
    options.name = name;
    options.timeout_ms = ASK__WAIT_MS;
    status = pp_client_open(client, &options, &inner);
    if (status == PP_OK)
        return status;
    return error_set(error, status, inner.windows_error, "no server answers on %s: %s", name,
                     pp_status_text(status));
}

static pp_status ask__send(const ask *a, pp_client *client)
{
    char line[128];
    int length =
        snprintf(line, sizeof line, "{\"command\": \"%s\"%s%s%s}\n", a->command,
                 a->id ? ", \"id\": " : "", a->id ? a->id : "", a->now ? ", \"now\": true" : "");

    return pp_client_send(client, line, (size_t)length, ASK__ANSWER_MS);
}

/* The answer, a whole line without its end, for mem_free. */
static pp_status ask__receive(pp_client *client, char **answer)
{
    size_t room = ASK__FIRST_ROOM, have = 0, got;
    pp_status status = PP_OK;

    *answer = mem_alloc(room);
    while (*answer && status == PP_OK && (have == 0 || (*answer)[have - 1] != '\n')) {
        if (room - have < 2) {
            char *grown = room < ASK__MOST_ROOM ? mem_resize(*answer, room *= 2) : NULL;

            if (!grown)
                return PP_E_MEMORY;
            *answer = grown;
        }
        status = pp_client_receive(client, *answer + have, room - have - 1, &got, ASK__ANSWER_MS);
        have += status == PP_OK ? got : 0;
    }
    if (*answer && status == PP_OK)
        (*answer)[have - 1] = 0;
    return *answer ? status : PP_E_MEMORY;
}

/* ---- Printing ------------------------------------------------------------------------------- */

static double ask__number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static const char *ask__text(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

    return cJSON_IsString(item) ? item->valuestring : "";
}

static void ask__print_stats(const cJSON *answer)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(answer, "stats"))
        output_format(OUTPUT_STDOUT, "%-20s %16.0f", item->string, item->valuedouble);
}

static void ask__print_clients(const cJSON *answer)
{
    const cJSON *clients = cJSON_GetObjectItemCaseSensitive(answer, "clients"), *item;

    output_format(OUTPUT_STDOUT, "%8s %8s %10s %14s %14s %10s  %-16s %s", "id", "process", "age, s",
                  "bytes in", "bytes out", "queued", "pipe", "user");
    cJSON_ArrayForEach(item, clients) output_format(
        OUTPUT_STDOUT, "%8.0f %8.0f %10.1f %14.0f %14.0f %10.0f  %-16s %s", ask__number(item, "id"),
        ask__number(item, "process"), ask__number(item, "age_ms") / 1000,
        ask__number(item, "bytes_in"), ask__number(item, "bytes_out"), ask__number(item, "queued"),
        ask__text(item, "pipe"), ask__text(item, "user"));
    if (ask__number(answer, "total") > cJSON_GetArraySize(clients))
        output_format(OUTPUT_STDOUT, "%.0f clients in all", ask__number(answer, "total"));
}

/* Returns the exit status. */
static int ask__print(const ask *a, const char *line)
{
    cJSON *answer = cJSON_Parse(line);
    bool ok = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok"));

    if (a->json && answer)
        report_print_object(OUTPUT_STDOUT, answer);
    else if (!ok)
        output_format(OUTPUT_STDERR, "pipeport: %s",
                      answer ? ask__text(answer, "error") : "what answers is no control pipe");
    else if (strcmp(a->command, "stats") == 0)
        ask__print_stats(answer);
    else if (strcmp(a->command, "clients") == 0)
        ask__print_clients(answer);
    cJSON_Delete(answer);
    return ok ? output_status(0) : EXITS_FAILED;
}

static int ask__ask(const ask *a, pp_client *client)
{
    char *answer = NULL;
    pp_status status = ask__send(a, client);
    int code;

    if (status == PP_OK)
        status = ask__receive(client, &answer);
    if (status == PP_OK) {
        code = ask__print(a, answer);
    } else {
        output_format(OUTPUT_STDERR, "pipeport: the server does not answer: %s",
                      pp_status_text(status));
        code = EXITS_FAILED;
    }
    mem_free(answer);
    return code;
}

int ask_main(const char *command, int count, char **arguments)
{
    ask a = {.command = command, .name = "pipeport"};
    pp_client *client = NULL;
    pp_error error;
    pp_status status;
    int code;

    if (!ask__read(&a, count, arguments)) {
        ask__usage(&a);
        return EXITS_WRONG_ARGUMENTS;
    }
    status = ask__open(&a, &client, &error);
    if (status != PP_OK) {
        output_format(OUTPUT_STDERR, "pipeport: %s", error.message);
        return status == PP_E_ARGUMENT ? EXITS_WRONG_ARGUMENTS : EXITS_FAILED;
    }
    code = ask__ask(&a, client);
    pp_client_close(&client);
    return code;
}
