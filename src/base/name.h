/*
 * Names of pipes and mailslots, one rule for all: a bare name, or a full path. A path is
 * \\MACHINE\pipe\NAME or \\MACHINE\mailslot\NAME, where the machine "." is this one; NAME may have
 * levels. "/" is read as "\", as Windows reads it.
 *
 * Windows opens another name than the one it was given where that has a level of nothing, one that
 * ends in a dot, or a space at the end; the native call that makes a mailslot does not. Such names
 * are refused, so that whoever has the text of a name reaches what was made under it. What begins
 * with \\?\ Windows takes as it is, and so do we.
 */
#ifndef PP_BASE_NAME_H
#define PP_BASE_NAME_H

#include "base/error.h"

#include <wchar.h>

/* Of a whole path on this machine. Windows says so of pipes, and nothing of mailslots. */
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
