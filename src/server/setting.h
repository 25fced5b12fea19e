/*
 * Every setting of the server by its name: the words, and the numbers of the library's tables. The
 * reader of a command line or a file finds a setting here and gives it to a target within its
 * scopes.
 */
#ifndef PP_SERVER_SETTING_H
#define PP_SERVER_SETTING_H

#include "server/number.h"
#include "server/program.h"
#include "server/word.h"

typedef struct setting {
    char name[NUMBER_NAME]; /* without hyphens before it */
    unsigned scopes;        /* of `scope` */
    unsigned index;
    const word_row *word;     /* NULL: it is a number */
    const option_row *number; /* in the structure at `offset` of its target */
    size_t offset;
} setting;

/* The setting at an index; false behind the last. */
bool setting_at(setting *s, unsigned index);

/* False: there is none of this name. */
bool setting_find(setting *s, const char *name, size_t length);

/* Whether it takes a value on the command line, and whether a configuration file may have it. */
bool setting_takes_value(const setting *s);
bool setting_is_for_files(const setting *s);

/* Whether it is the name of an endpoint, and whether it is taken before a file is read. */
bool setting_is_name(const setting *s);
bool setting_comes_first(const setting *s);

/* A section's word for the owner of settings: "server", "pipe" or "mailslot". */
const char *setting_scope_name(scope of);

/* The value that its owner, a program or an endpoint, has. False: it is the default. */
#define SETTING_SHOWN WORD_SHOWN
bool setting_show(const setting *s, const void *owner, char text[SETTING_SHOWN]);

/* Give the setting's value, NULL when there is none, to the program or to an endpoint. The target
 * must be within its scopes. PP_E_ARGUMENT, also when the target has it already; PP_E_MEMORY. */
pp_status setting_for_program(const setting *s, program *p, const char *value, const where *w,
                              pp_error *error);
pp_status setting_for_endpoint(const setting *s, endpoint *e, const char *value, const where *w,
                               pp_error *error);

#endif
