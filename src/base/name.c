#include "base/name.h"

#include "base/utf.h"
#include "base/win.h"

#include <stdio.h>
#include <string.h>

static const char *name__word(name_kind kind)
{
    return kind == NAME_PIPE ? "pipe" : "mailslot";
}

static pp_status name__refuse(const char *field, const char *text, name_kind kind, pp_error *error)
{
    return error_set(error, PP_E_ARGUMENT, 0,
                     "%s is \"%.80s\"; allowed: a name of 1 to %d characters without a backslash, "
                     "or a path \\\\.\\%s\\NAME",
                     field, text, NAME_MAX_CHARACTERS, name__word(kind));
}

/* The part after \\MACHINE\KIND\, or NULL when the path is not such a one. */
static const char *name__after_prefix(const char *text, name_kind kind, size_t *machine_length)
{
    const char *machine = text + 2, *word = name__word(kind), *end = strchr(machine, '\\');
    size_t length = strlen(word);

    if (!end || end == machine || _strnicmp(end + 1, word, length) != 0 || end[1 + length] != '\\')
        return NULL;
    *machine_length = (size_t)(end - machine);
    return end + 1 + length + 1;
}

static bool name__is_good(const wchar_t *name, bool bare)
{
    size_t length = wcslen(name);

    if (length < 1 || length > NAME_MAX_CHARACTERS || (bare && wcschr(name, L'\\')))
        return false;
    for (; *name; name++)
        if (*name < L' ')
            return false;
    return true;
}

pp_status name_parse(name_path *path, name_kind kind, const char *text, bool local_only,
                     const char *field, pp_error *error)
{
    size_t machine_length = 1;
    bool bare;
    const char *name;

    if (!text)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", field);
    bare = strncmp(text, "\\\\", 2) != 0;
    name = bare ? text : name__after_prefix(text, kind, &machine_length);
    if (!name || !utf_to_utf16(name, path->wide, NAME_PATH_SIZE) ||
        !name__is_good(path->wide, bare))
        return name__refuse(field, text, kind, error);

    path->local = bare || (machine_length == 1 && text[2] == '.');
    if (local_only && !path->local)
        return name__refuse(field, text, kind, error);
    snprintf(path->text, sizeof path->text, "\\\\%.*s\\%s\\%s", bare ? 1 : (int)machine_length,
             bare ? "." : text + 2, name__word(kind), name);
    if (!utf_to_utf16(path->text, path->wide, NAME_PATH_SIZE))
        return name__refuse(field, text, kind, error);
    return PP_OK;
}
