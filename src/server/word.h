/*
 * The settings that are not numbers: switches, choices and names. A row has the scopes of the
 * setting and the function that takes its value.
 */
#ifndef PP_SERVER_WORD_H
#define PP_SERVER_WORD_H

#include "base/error.h"
#include "server/scope.h"

/* Where a setting stands. A configuration file has keys alone. */
typedef enum word_use {
    WORD_KEY,     /* on the command line or in a file */
    WORD_COMMAND, /* on the command line */
    WORD_FIRST,   /* the same; it is taken before the file is read */
    WORD_NAME     /* on the command line; in a file a section has it */
} word_use;

typedef struct word_row {
    const char *name, *help;
    const char *value; /* its value in the words of the help; NULL: a switch */
    unsigned scopes;   /* of `scope`: its targets, a program or endpoints */
    bool repeats;      /* it may be given more than once */
    word_use use;
    const char *sample; /* a value, for what has no default */

    size_t flag; /* of a switch: where the target has its bool */

    /* Of a choice: the name at an index, NULL behind the last; the default; and taking one. */
    const char *(*choice)(size_t index);
    size_t preset;
    void (*choose)(void *target, size_t index);
    size_t (*chosen)(const void *target);

    /* Of a name: takes the value, which outlives the target. `field` begins a message. */
    pp_status (*take)(void *target, const char *value, const char *field, pp_error *error);
    bool (*show)(const void *target, char *text); /* WORD_SHOWN bytes; false: it has none */
} word_row;

#define WORD_COUNT 18
extern const word_row word_table[WORD_COUNT];

/* The allowed values: "stream, message or framed", or the value in the words of the help. */
#define WORD_ALLOWED 96
void word_allowed(const word_row *row, char text[WORD_ALLOWED]);

/* The value that the target has. False: it is the default, or no setting of its own. */
#define WORD_SHOWN 1536
bool word_show(const word_row *row, const void *target, char text[WORD_SHOWN]);

/* Gives the target the value: of a switch "yes" or "no", or NULL for "yes". PP_E_ARGUMENT,
 * PP_E_MEMORY. */
pp_status word_take(const word_row *row, void *target, const char *value, const char *field,
                    pp_error *error);

#endif
