/*
 * The command line of `pipeport serve`: an argument in each line. What follows the first empty line
 * is the text of the configuration file that it names.
 */
#include "fuzz.h"

#include "server/arguments.h"
#include "server/logger.h"
#include "server/text_file.h"

#include "base/mem.h"

#include <string.h>

#define OPTIONS__MOST 16

/* The logger needs a console, which the simulated Windows does not have. */
const char *logger_level_name(size_t level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    return level < sizeof names / sizeof *names ? names[level] : NULL;
}

static const char *options__file;

/* The simulated Windows has no files. */
pp_status text_file_read(const char *path, char **text, pp_error *error)
{
    size_t size = strlen(options__file) + 1;

    *text = mem_alloc(size);
    if (!*text)
        return error_set(error, PP_E_MEMORY, 0, "no memory for %s", utf_shorten(path).text);
    memcpy(*text, options__file, size);
    return PP_OK;
}

static const char *options__cut_file(char *text)
{
    char *empty = strstr(text, "\n\n");

    if (!empty)
        return "";
    *empty = 0;
    return empty + 2;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static char text[FUZZ_TEXT + 1];
    char *arguments[OPTIONS__MOST];
    int count = 0;
    program p;
    pp_error error = {0};

    strcpy(text, fuzz_text(data, size));
    options__file = options__cut_file(text);
    for (char *at = text; at && count < OPTIONS__MOST; count++) {
        char *end = strchr(at, '\n');

        arguments[count] = at;
        if (end)
            *end++ = 0;
        at = end;
    }
    if (arguments_read(&p, count, arguments, &error) != PP_OK)
        fuzz_expect(error.message[0] != 0 && !strchr(error.message, '\n'),
                    "a refusal says nothing, or more than a line");
    program_free(&p);
}
