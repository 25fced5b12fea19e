/*
 * Options that are numbers: one row each, which gives the default, the check, the messages and the
 * programs' arguments. All of them are uint64_t members of their structure.
 */
#ifndef PP_BASE_OPTIONS_H
#define PP_BASE_OPTIONS_H

#include "base/error.h"

typedef enum option_unit { OPTION_COUNT, OPTION_BYTES, OPTION_MS } option_unit;

typedef struct option_row {
    const char *name; /* the member's; with hyphens it is the argument's */
    size_t offset;
    option_unit unit;
    uint64_t preset, least, most;
    bool zero_allowed; /* 0 is allowed besides the range, and `help` says what it means */
    const char *help;
} option_row;

typedef struct option_table {
    const option_row *rows;
    size_t count;
    size_t reserved_offset, reserved_count; /* members that must be 0 */
} option_table;

extern const option_table option_port_table, option_conn_table, option_listen_table,
    option_dial_table, option_client_table, option_mailslot_table;

/* Sets every number of `options` to its default. */
void option_set_defaults(const option_table *table, void *options);

/* PP_E_ARGUMENT with a message that names the option, the value and the range. */
pp_status option_check(const option_table *table, const void *options, pp_error *error);

/* PP_E_ARGUMENT unless all are 0: otherwise the program wants what a later version knows. */
pp_status option_check_reserved(const uint64_t *reserved, size_t count, pp_error *error);
#define OPTION_CHECK_RESERVED(structure, error)                                                    \
    option_check_reserved((structure)->reserved,                                                   \
                          sizeof(structure)->reserved / sizeof *(structure)->reserved, (error))

uint64_t *option_member(const option_row *row, void *options);

/* Checks the options that are not numbers. */
pp_status option_check_way(pp_mode mode, pp_direction direction, pp_error *error);

#endif
