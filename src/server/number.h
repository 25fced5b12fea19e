/*
 * Settings that are numbers, as people write them. Each row of the library's option tables is one:
 * `high_mark` is --high-mark, and `drain_timeout_ms` --drain-timeout. Times are in seconds with up
 * to three decimals, sizes in bytes or with the suffix K, M or G.
 */
#ifndef PP_SERVER_NUMBER_H
#define PP_SERVER_NUMBER_H

#include "base/options.h"

#define NUMBER_ZERO "; 0: "
#define NUMBER_TEXT 32
#define NUMBER_NAME 64
#define NUMBER_RANGE 128

void number_print(option_unit unit, uint64_t value, char text[NUMBER_TEXT]);

/* The option's name without its hyphens, and what is allowed. */
void number_option_name(const option_row *row, char name[NUMBER_NAME]);
void number_range(const option_row *row, char text[NUMBER_RANGE]);

/* How people write a value of the row: a time of 0 is "off". */
void number_show(const option_row *row, uint64_t value, char text[NUMBER_TEXT]);

/* The meaning of 0 where a row allows it besides the range, or NULL; the row's help has it after
 * NUMBER_ZERO. */
const char *number_meaning_of_zero(const option_row *row);

/* Sets the row's member of `options`; `value` may be NULL. PP_E_ARGUMENT with a text that begins
 * with `field` and says what is allowed. */
pp_status number_take(const option_row *row, void *options, const char *value, const char *field,
                      pp_error *error);

#endif
