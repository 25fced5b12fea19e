#include "base/name.h"

#include "base/win.h"

#include <stdio.h>
#include <string.h>

#define NAME__VERBATIM "\\\\?\\"

static const char *name__word(name_kind kind)
{
    return kind == NAME_PIPE ? "pipe" : "mailslot";
}

/* How many characters a name may have after the prefix \\.\KIND\ of its path. */
static size_t name__most(name_kind kind)
{
    return NAME_MAX_CHARACTERS - strlen("\\\\.\\") - strlen(name__word(kind)) - 1;
}

static pp_status name__refuse(const char *field, const char *text, name_kind kind, pp_error *error)
{
    return error_set(error, PP_E_ARGUMENT, 0,
                     "%s is \"%s\"; allowed: a name of 1 to %u characters without \\ and / that "
                     "ends in no dot and no space, or a path \\\\.\\%s\\NAME",
                     field, utf_shorten(text).text, (unsigned)name__most(kind), name__word(kind));
}

static bool name__is_verbatim(const char *text)
{
    return strncmp(text, NAME__VERBATIM, strlen(NAME__VERBATIM)) == 0;
}

/* Copies the text, and makes each "/" a backslash. False: it does not fit. */
static bool name__copy(char copy[NAME_PATH_SIZE], const char *text)
{
    bool verbatim = name__is_verbatim(text);
    size_t i;

    for (i = 0; text[i] && i < NAME_PATH_SIZE - 1; i++) {
        copy[i] = text[i];
        if (copy[i] == '/' && !verbatim)
            copy[i] = '\\';
    }
    copy[i] = 0;
    return !text[i];
}

/* The part after \\MACHINE\KIND\; NULL: the path has no such prefix. */
static const char *name__after_prefix(const char *text, name_kind kind, size_t *machine_length)
{
    const char *machine = text + 2, *word = name__word(kind), *end = strchr(machine, '\\');
    size_t length = strlen(word);

    if (!end || end == machine || _strnicmp(end + 1, word, length) != 0 || end[1 + length] != '\\')
        return NULL;
    *machine_length = (size_t)(end - machine);
    return end + 1 + length + 1;
}

/* Whether Windows opens the very name that it gets: no level is empty or ends in a dot, and the
 * name does not end in a space. */
static bool name__stays(const wchar_t *name)
{
    wchar_t before = L'\\'; /* as if a level had just ended */

    for (; *name; before = *name++)
        if (*name == L'\\' && (before == L'\\' || before == L'.'))
            return false;
    return before != L'\\' && before != L'.' && before != L' ';
}

static bool name__is_good(const wchar_t *name, name_kind kind, bool bare, bool verbatim)
{
    size_t length = wcslen(name);

    if (length < 1 || length > name__most(kind) || (bare && wcschr(name, L'\\')))
        return false;
    if (!verbatim && !name__stays(name))
        return false;
    for (; *name; name++)
        if (*name < L' ')
            return false;
    return true;
}

/* Composes the path. False: it does not fit, or is not UTF-8. */
static bool name__finish(name_path *path, const char *machine, size_t machine_length,
                         name_kind kind, const char *name)
{
    int length = snprintf(path->text, sizeof path->text, "\\\\%.*s\\%s\\%s", (int)machine_length,
                          machine, name__word(kind), name);

    path->local = machine_length == 1 && *machine == '.';
    return length > 0 && (size_t)length < sizeof path->text &&
           utf_to_utf16(path->text, path->wide, NAME_PATH_SIZE);
}

pp_status name_parse(name_path *path, name_kind kind, const char *text, bool local_only,
                     const char *field, pp_error *error)
{
    char copy[NAME_PATH_SIZE];
    size_t machine_length = 1;
    const char *name;
    bool bare;

    if (!text)
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", field);
    if (error_check_text(error, PP_E_ARGUMENT, field, text) != PP_OK)
        return PP_E_ARGUMENT;
    if (!name__copy(copy, text))
        return name__refuse(field, text, kind, error);
    bare = strncmp(copy, "\\\\", 2) != 0;
    name = bare ? copy : name__after_prefix(copy, kind, &machine_length);
    if (!name || !utf_to_utf16(name, path->wide, NAME_PATH_SIZE) ||
        !name__is_good(path->wide, kind, bare, name__is_verbatim(text)) ||
        !name__finish(path, bare ? "." : copy + 2, machine_length, kind, name) ||
        (local_only && !path->local))
        return name__refuse(field, text, kind, error);
    return PP_OK;
}
