/*
 * Names of pipes and mailslots, with one rule for all: a bare name, or a full path. A path is
 * \\MACHINE\pipe\NAME or \\MACHINE\mailslot\NAME, where the machine "." is this one. NAME may have
 * levels. "/" counts as "\", as it does for Windows.
 *
 * Windows opens another name than it got if a level is empty or ends in a dot, or if the name ends
 * in a space. The native call that makes a mailslot does not. name_parse refuses such names, so
 * that the text of a name always reaches what was made under it. A path that begins with \\?\ goes
 * to Windows as it is.
 */
#ifndef PP_BASE_NAME_H
#define PP_BASE_NAME_H

#include "base/error.h"

#include <wchar.h>

/* Of a whole path on this machine. Windows documents this for pipes, and nothing for mailslots. */
#define NAME_MAX_CHARACTERS 256
#define NAME_PATH_SIZE (NAME_MAX_CHARACTERS * 4 + 320)

typedef enum name_kind { NAME_PIPE, NAME_MAILSLOT } name_kind;

typedef struct name_path {
    char text[NAME_PATH_SIZE];
    wchar_t wide[NAME_PATH_SIZE];
    bool local; /* the machine is "." */
} name_path;

/* Parses what a user wrote as `field`. With `local_only`, as a server's name needs, it refuses
 * paths of other machines. PP_E_ARGUMENT. */
pp_status name_parse(name_path *path, name_kind kind, const char *text, bool local_only,
                     const char *field, pp_error *error);

#endif
