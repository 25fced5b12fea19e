/*
 * A line is a word and fields; each field has a key and a text or a number. As JSON it is an object
 * of the same fields.
 */
#include "server/report.h"

#include "base/mem.h"

#include <cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

void report_add_number(cJSON *object, const char *key, uint64_t number)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64, number);
    cJSON_AddRawToObject(object, key, text);
}

/* In one piece with its end: lines of several threads do not mix. */
void report_print_object(output_stream stream, const cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    size_t length = text ? strlen(text) : 0;
    char *line = text ? mem_alloc(length + 2) : NULL;

    if (line) {
        memcpy(line, text, length + 1);
        line[length] = '\n';
        line[length + 1] = 0;
        output_text(stream, line);
    }
    mem_free(line);
    cJSON_free(text);
}

static void report__print_json(output_stream stream, const report__field *fields, size_t count)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < count; i++)
        if (fields[i].text)
            cJSON_AddStringToObject(object, fields[i].key, fields[i].text);
        else
            report_add_number(object, fields[i].key, fields[i].number);
    report_print_object(stream, object);
    cJSON_Delete(object);
}

static void report__print(output_stream stream, const char *word, const report__field *fields,
                          size_t count, bool json)
{
    if (json)
        report__print_json(stream, fields, count);
    else
        report__print_plain(stream, word, fields, count);
}

void report_print_endpoint(const endpoint *e, bool json)
{
    const char *mode = e->kind == SCOPE_PIPE ? endpoint_mode_name(e->listen.conn.mode) : "none";
    const report__field fields[] = {
        {e->kind == SCOPE_PIPE ? "pipe" : "mailslot", endpoint_path(e), 0},
        {"mode", mode, 0},
        {"service", e->service->name, 0},
    };

    report__print(OUTPUT_STDOUT, "serves", fields, sizeof fields / sizeof *fields, json);
}

void report_print_ready(const report_ready *ready, bool json)
{
    const report__field fields[] = {
        {"pipe", ready->pipe, 0},         {"mode", ready->mode, 0},
        {"mailslot", ready->mailslot, 0}, {"workers", NULL, ready->workers},
        {"pid", NULL, ready->pid},
    };

    report__print(OUTPUT_STDOUT, "ready", fields, sizeof fields / sizeof *fields, json);
}

/* ---- Figures -------------------------------------------------------------------------------- */

/* Connections that ended for a reason other than a close by either end. */
static uint64_t report__errors(const pp_stats *stats)
{
    uint64_t errors = 0;

    for (int i = 0; i < PP_STATUS_COUNT; i++)
        if (i != PP_OK && i != PP_E_PEER_CLOSED && i != PP_E_ABORTED && i != PP_E_CANCELLED)
            errors += stats->connections_ended[i];
    return errors;
}

#define REPORT__MEMBER(name) offsetof(pp_stats, name), NULL

/* In the order of both lines. The last line has the totals alone. */
static const struct {
    const char *key;
    bool total;
    size_t offset;
    uint64_t (*sum)(const pp_stats *stats); /* NULL: the number at `offset` */
} report__figures[] = {
    {"clients_now", false, REPORT__MEMBER(connections_now)},
    {"clients_most", false, REPORT__MEMBER(connections_most)},
    {"clients", true, REPORT__MEMBER(connections_total)},
    {"messages_in", true, REPORT__MEMBER(messages_in)},
    {"messages_out", true, REPORT__MEMBER(messages_out)},
    {"bytes_in", true, REPORT__MEMBER(bytes_in)},
    {"bytes_out", true, REPORT__MEMBER(bytes_out)},
    {"datagrams", true, REPORT__MEMBER(datagrams_in)},
    {"datagrams_oversized", true, REPORT__MEMBER(datagrams_oversized)},
    {"refused_sends", false, REPORT__MEMBER(refused_sends)},
    {"buffered", false, REPORT__MEMBER(bytes_buffered)},
    {"timeouts", false, REPORT__MEMBER(timeouts)},
    {"lanes_now", false, REPORT__MEMBER(lanes_now)},
    {"errors", true, 0, report__errors},
    {"kernel_reads", true, REPORT__MEMBER(kernel_reads)},
    {"kernel_writes", true, REPORT__MEMBER(kernel_writes)},
    {"kernel_dequeues", true, REPORT__MEMBER(kernel_dequeues)},
    {"kernel_other", true, REPORT__MEMBER(kernel_other)},
    {"handles_open", true, REPORT__MEMBER(handles_open)},
    {"operations_pending", false, REPORT__MEMBER(operations_pending)},
};

#define REPORT__FIGURES (sizeof report__figures / sizeof *report__figures)

static uint64_t report__figure(const pp_stats *stats, size_t i)
{
    const char *member = (const char *)stats + report__figures[i].offset;

    return report__figures[i].sum ? report__figures[i].sum(stats)
                                  : *(const uint64_t *)(const void *)member;
}

void report_add_stats(const pp_stats *stats, cJSON *object)
{
    for (size_t i = 0; i < REPORT__FIGURES; i++)
        report_add_number(object, report__figures[i].key, report__figure(stats, i));
}

static void report__print_figures(output_stream stream, const char *word, const pp_stats *stats,
                                  bool totals, bool json)
{
    report__field fields[REPORT__FIGURES];
    size_t count = 0;

    for (size_t i = 0; i < REPORT__FIGURES; i++)
        if (report__figures[i].total || !totals)
            fields[count++] =
                (report__field){report__figures[i].key, NULL, report__figure(stats, i)};
    report__print(stream, word, fields, count, json);
}

void report_print_stopped(const pp_stats *stats, bool json)
{
    report__print_figures(OUTPUT_STDOUT, "stopped", stats, true, json);
}

void report_print_stats(const pp_stats *stats, bool json)
{
    report__print_figures(OUTPUT_STDERR, "stats", stats, false, json);
}
