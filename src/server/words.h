/*
 * The options of `pipeport serve` that are not numbers: names, choices and switches.
 */
#ifndef PP_SERVER_WORDS_H
#define PP_SERVER_WORDS_H

#include "server/settings.h"

typedef struct word_row {
    const char *name;  /* without the hyphens */
    const char *value; /* what follows it, in the help's words; NULL: nothing */
    /* Takes the value; PP_E_ARGUMENT with a text that says what is allowed. */
    pp_status (*take)(settings *s, const char *value, pp_error *error);
    const char *help;
} word_row;

#define WORD_COUNT 13
extern const word_row word_table[WORD_COUNT];

#endif
