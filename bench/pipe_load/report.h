/*
 * The result for people and for programs.
 */
#ifndef PIPE_LOAD_REPORT_H
#define PIPE_LOAD_REPORT_H

#include "options.h"
#include "result.h"

#include <stdio.h>

/* A table on standard output. */
void report_print_table(const options *o, const result *r);

/* One JSON object. False: it could not be written. */
bool report_write_json(const options *o, const result *r, FILE *file);

#endif
