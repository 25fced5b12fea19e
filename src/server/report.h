/*
 * The server's lines for programs to read: ready and stopped on standard output, and the figures in
 * between on standard error.
 */
#ifndef PP_SERVER_REPORT_H
#define PP_SERVER_REPORT_H

#include "server/endpoint.h"
#include "server/output.h"

typedef struct report_ready {
    const char *pipe, *mode, *mailslot; /* full paths; "none" without a mailslot */
    uint64_t workers, pid;
} report_ready;

/* One that the server has opened, or has left out. */
void report_print_endpoint(const endpoint *e, bool json);
void report_print_ready(const report_ready *ready, bool json);
/* For the control pipe: the figures of the lines, and a number, which cJSON itself has as a
 * double. */
struct cJSON;
void report_add_stats(const pp_stats *stats, struct cJSON *object);
void report_add_number(struct cJSON *object, const char *key, uint64_t number);

/* A line of JSON, which may be longer than output_line takes. It has no control characters. */
void report_print_object(output_stream stream, const struct cJSON *object);

void report_print_stopped(const pp_stats *stats, bool json);
void report_print_stats(const pp_stats *stats, bool json);

#endif
