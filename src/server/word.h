/*
 * The settings that are not numbers: switches, choices and names. A row has the scopes of the
 * setting and the function that takes its value.
 */
#ifndef PP_SERVER_WORD_H
#define PP_SERVER_WORD_H

#include "base/error.h"
#include "server/scope.h"

typedef struct word_row {
    const char *name, *help;
    const char *value; /* its value in the words of the help; NULL: a switch, which has none */
    unsigned scopes;   /* of `scope`: its targets, a program or endpoints */
    bool repeats;      /* it may be given more than once */

    size_t flag; /* of a switch: where the target has its bool */

    /* Of a choice: the name at an index, NULL behind the last; the default; and taking one. */
    const char *(*choice)(size_t index);
    size_t preset;
    void (*choose)(void *target, size_t index);

    /* Of a name: takes the value, which outlives the target. `field` begins a message. */
    pp_status (*take)(void *target, const char *value, const char *field, pp_error *error);
} word_row;

#define WORD_COUNT 14
extern const word_row word_table[WORD_COUNT];

/* The allowed values: "stream, message or framed", or the value in the words of the help. */
#define WORD_ALLOWED 96
void word_allowed(const word_row *row, char text[WORD_ALLOWED]);

/* Gives the target the value, which is NULL for a switch. PP_E_ARGUMENT, PP_E_MEMORY. */
pp_status word_take(const word_row *row, void *target, const char *value, const char *field,
                    pp_error *error);

#endif
