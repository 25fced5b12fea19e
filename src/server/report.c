/*
 * A line is a word and fields; each field has a key and a text or a number. As JSON it is an object
 * of the same fields.
 */
#include "server/report.h"

#include "server/output.h"

#include <cJSON.h>
#include <inttypes.h>
#include <stdio.h>

#define REPORT__LINE 2048

typedef struct report__field {
    const char *key, *text; /* `text` NULL: the number */
    uint64_t number;
} report__field;

static void report__print_plain(output_stream stream, const char *word, const report__field *fields,
                                size_t count)
{
    char line[REPORT__LINE];
    size_t used = (size_t)snprintf(line, sizeof line, "%s", word);

    for (size_t i = 0; i < count && used < sizeof line; i++) {
        if (fields[i].text)
            used += (size_t)snprintf(line + used, sizeof line - used, " %s=%s", fields[i].key,
                                     fields[i].text);
        else
            used += (size_t)snprintf(line + used, sizeof line - used, " %s=%" PRIu64, fields[i].key,
                                     fields[i].number);
    }
    output_line(stream, line);
}

/* Numbers go in as text: cJSON's own are doubles. */
static void report__print_json(const report__field *fields, size_t count)
{
    cJSON *object = cJSON_CreateObject();
    char *line;

    for (size_t i = 0; i < count; i++) {
        char number[32];

        snprintf(number, sizeof number, "%" PRIu64, fields[i].number);
        if (fields[i].text)
            cJSON_AddStringToObject(object, fields[i].key, fields[i].text);
        else
            cJSON_AddRawToObject(object, fields[i].key, number);
    }
    line = cJSON_PrintUnformatted(object);
    if (line)
        output_line(OUTPUT_STDOUT, line);
    cJSON_free(line);
    cJSON_Delete(object);
}

static void report__print(const char *word, const report__field *fields, size_t count, bool json)
{
    if (json)
        report__print_json(fields, count);
    else
        report__print_plain(OUTPUT_STDOUT, word, fields, count);
}

void report_print_ready(const report_ready *ready, bool json)
{
    const report__field fields[] = {
        {"pipe", ready->pipe, 0},         {"mode", ready->mode, 0},
        {"mailslot", ready->mailslot, 0}, {"workers", NULL, ready->workers},
        {"pid", NULL, ready->pid},
    };

    report__print("ready", fields, sizeof fields / sizeof *fields, json);
}

/* Connections that ended for another reason than the client's leaving or our closing. */
static uint64_t report__errors(const pp_stats *stats)
{
    uint64_t errors = 0;

    for (int i = 0; i < PP_STATUS_COUNT; i++)
        if (i != PP_OK && i != PP_E_PEER_CLOSED && i != PP_E_ABORTED && i != PP_E_CANCELLED)
            errors += stats->ended[i];
    return errors;
}

void report_print_stopped(const pp_stats *stats, bool json)
{
    const report__field fields[] = {
        {"clients", NULL, stats->connections_total},
        {"messages_in", NULL, stats->messages_in},
        {"messages_out", NULL, stats->messages_out},
        {"bytes_in", NULL, stats->bytes_in},
        {"bytes_out", NULL, stats->bytes_out},
        {"datagrams", NULL, stats->datagrams_in},
        {"datagrams_oversized", NULL, stats->datagrams_oversized},
        {"errors", NULL, report__errors(stats)},
        {"kernel_reads", NULL, stats->kernel_reads},
        {"kernel_writes", NULL, stats->kernel_writes},
        {"kernel_dequeues", NULL, stats->kernel_dequeues},
        {"kernel_other", NULL, stats->kernel_other},
        {"handles_open", NULL, stats->handles_open},
    };

    report__print("stopped", fields, sizeof fields / sizeof *fields, json);
}

void report_print_stats(const pp_stats *stats)
{
    const report__field fields[] = {
        {"clients_now", NULL, stats->connections_now},
        {"clients_most", NULL, stats->connections_most},
        {"clients", NULL, stats->connections_total},
        {"messages_in", NULL, stats->messages_in},
        {"messages_out", NULL, stats->messages_out},
        {"bytes_in", NULL, stats->bytes_in},
        {"bytes_out", NULL, stats->bytes_out},
        {"datagrams", NULL, stats->datagrams_in},
        {"datagrams_oversized", NULL, stats->datagrams_oversized},
        {"refused_sends", NULL, stats->refused_sends},
        {"buffered", NULL, stats->bytes_buffered},
        {"timeouts", NULL, stats->timeouts},
        {"errors", NULL, report__errors(stats)},
        {"handles_open", NULL, stats->handles_open},
        {"operations_pending", NULL, stats->operations_pending},
    };

    report__print_plain(OUTPUT_STDERR, "stats", fields, sizeof fields / sizeof *fields);
}
