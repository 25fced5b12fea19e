/*
 * Names of pipes and mailslots: a bare name, or a full path. A path is \\MACHINE\pipe\NAME or
 * \\MACHINE\mailslot\NAME, where the machine "." is this one.
 */
#ifndef PP_BASE_NAME_H
#define PP_BASE_NAME_H

#include "base/error.h"

#include <wchar.h>

/* Windows limits the whole path of a pipe to 256 characters; we count the name alone, and Windows
 * checks the rest. */
#define NAME_MAX_CHARACTERS 256
#define NAME_PATH_SIZE (NAME_MAX_CHARACTERS * 4 + 320)

typedef enum name_kind { NAME_PIPE, NAME_MAILSLOT } name_kind;

typedef struct name_path {
    char text[NAME_PATH_SIZE];
    wchar_t wide[NAME_PATH_SIZE];
    bool local; /* the machine is "." */
} name_path;

/* Reads what a user wrote as `field`. With `local_only`, as a server's name must be, another
 * machine's path is refused. PP_E_ARGUMENT. */
pp_status name_parse(name_path *path, name_kind kind, const char *text, bool local_only,
                     const char *field, pp_error *error);

#endif
