#include "server/ini.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool ini__is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Without the spaces on both sides. */
static char *ini__trim(char *text)
{
    char *end;

    while (ini__is_space(*text))
        text++;
    for (end = text + strlen(text); end > text && ini__is_space(end[-1]); end--)
        end[-1] = 0;
    return text;
}

static void ini__drop_comment(char *line)
{
    for (char *at = line; *at; at++)
        if (*at == ';' && (at == line || ini__is_space(at[-1]))) {
            *at = 0;
            return;
        }
}

/* Cuts at the first of the separators. Returns what stands behind it, or NULL. */
static char *ini__cut(char *text, const char *separators)
{
    char *at = strpbrk(text, separators);

    if (!at)
        return NULL;
    *at = 0;
    return ini__trim(at + 1);
}

static ini_item ini__parse(char *line, unsigned number)
{
    ini_item item = {INI_WRONG, number, line, NULL};
    size_t length = strlen(line);

    if (line[0] == '[' && line[length - 1] == ']') {
        line[length - 1] = 0;
        item.kind = INI_SECTION;
        item.name = ini__trim(line + 1);
        item.value = ini__cut(item.name, " \t");
    } else if (line[0] != '[' && strchr(line, '=')) {
        item.kind = INI_KEY;
        item.value = ini__cut(line, "=");
        item.name = ini__trim(line);
    }
    return item;
}

ini_item ini_next(ini *in)
{
    while (in->rest) {
        char *line = in->rest, *end = strchr(line, '\n');

        in->rest = end ? end + 1 : NULL;
        if (end)
            *end = 0;
        in->line++;
        line = ini__trim(line);
        ini__drop_comment(line);
        line = ini__trim(line);
        if (*line && *line != '#')
            return ini__parse(line, in->line);
    }
    return (ini_item){.kind = INI_END};
}
