/*
 * The place of a setting, with which a message begins: "--high-mark is ..." for the command line,
 * "FILE:12: [pipe orders] high-mark is ..." for a line of a file.
 */
#ifndef PP_SERVER_WHERE_H
#define PP_SERVER_WHERE_H

#include "base/error.h"

#define WHERE_PLACE 128

typedef struct where {
    const char *place;   /* before the message: "FILE:12: ", or nothing; shorter than WHERE_PLACE */
    const char *hyphens; /* before a setting's name: "--", or nothing */
} where;

extern const where where_command_line;

#define WHERE_FIELD 224

/* The beginning of a message: the place and the name. */
void where_field(const where *w, const char *name, char field[WHERE_FIELD]);

/* PP_E_ARGUMENT: "FIELD is "VALUE"; allowed: ALLOWED", or without a value "FIELD needs a value". */
pp_status where_refuse(const char *field, const char *value, const char *allowed, pp_error *error);

#endif
