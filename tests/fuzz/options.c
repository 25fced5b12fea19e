/*
 * The command line of `pipeport serve`: an argument in each line.
 */
#include "fuzz.h"

#include "server/arguments.h"
#include "server/logger.h"

#include <string.h>

#define OPTIONS__MOST 16

/* The logger needs a console, which the simulated Windows does not have. */
const char *logger_level_name(size_t level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    return level < sizeof names / sizeof *names ? names[level] : NULL;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static char text[FUZZ_TEXT + 1];
    char *arguments[OPTIONS__MOST];
    int count = 0;
    program p;
    pp_error error = {0};

    strcpy(text, fuzz_text(data, size));
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
