#include "report.h"

#include <cJSON.h>
#include <inttypes.h>

#define REPORT__US 1000.0 /* nanoseconds */

/* What is computed from a result. */
typedef struct report__figures {
    double messages_per_s, megabytes_per_s, calls_per_message;
} report__figures;

static report__figures report__compute(const options *o, const result *r)
{
    double messages = (double)r->tally->messages;
    uint64_t calls = r->kernel_read + r->kernel_write + r->kernel_dequeue + r->kernel_other;
    report__figures f = {0};

    if (r->duration_s > 0) {
        f.messages_per_s = messages / r->duration_s;
        f.megabytes_per_s = messages * (double)o->size / r->duration_s / 1e6;
    }
    if (messages > 0)
        f.calls_per_message = (double)calls / messages;
    return f;
}

static double report__percentile(const histogram *h, double part)
{
    return (double)histogram_percentile(h, part) / REPORT__US;
}

/* ---- For people ----------------------------------------------------------------------------- */

static void report__print_times(const char *name, const histogram *h)
{
    printf("%-10s p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f  mean %.1f us\n", name,
           report__percentile(h, 0.5), report__percentile(h, 0.9), report__percentile(h, 0.99),
           report__percentile(h, 0.999), (double)h->max / REPORT__US,
           histogram_mean(h) / REPORT__US);
}

static void report__print_load(const options *o, const result *r)
{
    printf("%-10s %" PRIu64 " clients, %" PRIu64 " bytes", o->mode_name, o->clients, o->size);
    if (o->rate > 0)
        printf(", %.15g messages/s on schedule", o->rate);
    else if (!o->mailslot)
        printf(", depth %" PRIu64, o->depth);
    printf("%s, %" PRIu64 " workers\n", o->one_way && !o->mailslot ? ", one-way" : "", r->workers);
}

void report_print_table(const options *o, const result *r)
{
    report__figures f = report__compute(o, r);

    report__print_load(o, r);
    printf("%-10s %.3f s, %" PRIu64 " retries\n", "connect", r->connect_s, r->busy_retries);
    printf("%-10s %" PRIu64 " in %.3f s\n", "messages", r->tally->messages, r->duration_s);
    printf("%-10s %.1f messages/s, %.3f MB/s\n", "rate", f.messages_per_s, f.megabytes_per_s);
    if (r->tally->latency.count > 0)
        report__print_times("latency", &r->tally->latency);
    if (o->rate > 0)
        report__print_times("lateness", &r->tally->lateness);
    printf("%-10s %" PRIu64 " reads, %" PRIu64 " writes, %" PRIu64 " dequeues, %" PRIu64
           " other; %.2f a message\n",
           "kernel", r->kernel_read, r->kernel_write, r->kernel_dequeue, r->kernel_other,
           f.calls_per_message);
    if (o->mode == PP_MODE_FRAMED && !o->mailslot)
        printf("%-10s %s, %" PRIu64 " of %" PRIu64 " clients, %" PRIu64 " bells\n", "lane",
               o->lane_name, r->lanes, o->clients, r->lane_bells);
    printf("%-10s %" PRIu64 ", verify failures %" PRIu64 "%s\n", "errors",
           (uint64_t)r->trouble.count, r->tally->verify_failures,
           o->verify ? "" : " (not checked)");
}

/* ---- For programs --------------------------------------------------------------------------- */

/* Counts go in as text: cJSON's own numbers are doubles. */
static void report__add_count(cJSON *object, const char *key, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64, value);
    cJSON_AddRawToObject(object, key, text);
}

static void report__add_latency(cJSON *object, const histogram *h)
{
    cJSON *times = cJSON_AddObjectToObject(object, "latency_us");

    cJSON_AddNumberToObject(times, "p50", report__percentile(h, 0.5));
    cJSON_AddNumberToObject(times, "p90", report__percentile(h, 0.9));
    cJSON_AddNumberToObject(times, "p99", report__percentile(h, 0.99));
    cJSON_AddNumberToObject(times, "p999", report__percentile(h, 0.999));
    cJSON_AddNumberToObject(times, "max", (double)h->max / REPORT__US);
    cJSON_AddNumberToObject(times, "mean", histogram_mean(h) / REPORT__US);
}

static void report__add_calls(cJSON *object, const result *r, double per_message)
{
    cJSON *calls = cJSON_AddObjectToObject(object, "kernel_calls");

    report__add_count(calls, "read", r->kernel_read);
    report__add_count(calls, "write", r->kernel_write);
    report__add_count(calls, "dequeue", r->kernel_dequeue);
    report__add_count(calls, "other", r->kernel_other);
    cJSON_AddNumberToObject(calls, "per_message", per_message);
}

static cJSON *report__make_json(const options *o, const result *r)
{
    cJSON *object = cJSON_CreateObject(), *lateness;
    report__figures f = report__compute(o, r);

    cJSON_AddStringToObject(object, "mode", o->mode_name);
    cJSON_AddStringToObject(object, "lane", o->lane_name);
    report__add_count(object, "lanes", r->lanes);
    report__add_count(object, "lane_bells", r->lane_bells);
    report__add_count(object, "clients", o->clients);
    report__add_count(object, "size", o->size);
    report__add_count(object, "depth", o->depth);
    cJSON_AddNumberToObject(object, "rate", o->rate);
    report__add_count(object, "workers", r->workers);
    cJSON_AddNumberToObject(object, "duration_s", r->duration_s);
    report__add_count(object, "messages", r->tally->messages);
    cJSON_AddNumberToObject(object, "messages_per_s", f.messages_per_s);
    cJSON_AddNumberToObject(object, "megabytes_per_s", f.megabytes_per_s);
    report__add_latency(object, &r->tally->latency);
    lateness = cJSON_AddObjectToObject(object, "lateness_us");
    cJSON_AddNumberToObject(lateness, "p99", report__percentile(&r->tally->lateness, 0.99));
    cJSON_AddNumberToObject(lateness, "max", (double)r->tally->lateness.max / REPORT__US);
    cJSON_AddNumberToObject(object, "connect_s", r->connect_s);
    report__add_count(object, "busy_retries", r->busy_retries);
    report__add_count(object, "errors", (uint64_t)r->trouble.count);
    report__add_count(object, "verify_failures", r->tally->verify_failures);
    report__add_calls(object, r, f.calls_per_message);
    return object;
}

bool report_write_json(const options *o, const result *r, FILE *file)
{
    cJSON *object = report__make_json(o, r);
    char *text = cJSON_Print(object);
    bool ok = text && fprintf(file, "%s\n", text) > 0 && fflush(file) == 0 && ferror(file) == 0;

    cJSON_free(text);
    cJSON_Delete(object);
    return ok;
}
