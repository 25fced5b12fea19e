/*
 * The program pipeport.exe, a server built on the library: this folder. This file converts the
 * command line to UTF-8 and runs the command.
 */
#include "base/mem.h"
#include "base/utf.h"
#include "base/win.h"
#include "pipeport.h"
#include "server/ask.h"
#include "server/exits.h"
#include "server/output.h"
#include "server/selftest.h"
#include "server/serve.h"

#include <string.h>

#define MAIN__MOST_BYTES 4 /* of UTF-8 for one UTF-16 unit, terminator included */

#define MAIN__COMMANDS "serve, stats, clients, drop, drain, stop, selftest, --version, --help"

int wmain(int argc, wchar_t **argv);

static void main__print_help(void)
{
    output_text(
        OUTPUT_STDOUT,
        "pipeport COMMAND [OPTION]...\n"
        "\n"
        "  serve      serve a named pipe and a mailslot\n"
        "  stats      print the figures of a server: pipeport stats [NAME]\n"
        "  clients    list its clients\n"
        "  drop       end a client: pipeport drop ID [NAME]\n"
        "  drain      let no more clients in, and stop once the last has left\n"
        "  stop       stop it gracefully, or with --now at once\n"
        "  selftest   check what pipeport assumes about this system\n"
        "  --version  print the version\n"
        "  --help     print this; pipeport serve --help lists the options of serve\n"
        "NAME is that of the server's first pipe; with --json answers are lines of JSON.\n");
}

/* One block with the pointers and, behind them, their texts; NULL: no memory, or malformed text. */
static char **main__to_utf8(int count, wchar_t **wide)
{
    size_t texts = 0, pointers = ((size_t)count + 1) * sizeof(char *);
    char **arguments, *text;

    for (int i = 0; i < count; i++)
        texts += (wcslen(wide[i]) + 1) * MAIN__MOST_BYTES;
    arguments = mem_alloc_zeroed(pointers + texts);
    if (!arguments)
        return NULL;
    text = (char *)arguments + pointers;
    for (int i = 0; i < count; i++) {
        size_t size = (wcslen(wide[i]) + 1) * MAIN__MOST_BYTES;

        if (!utf_to_utf8(wide[i], text, size)) {
            mem_free(arguments);
            return NULL;
        }
        arguments[i] = text;
        text += size;
    }
    return arguments;
}

static int main__run(int count, char **arguments)
{
    const char *command = count > 0 ? arguments[0] : "";

    if (strcmp(command, "serve") == 0)
        return serve_main(count - 1, arguments + 1);
    if (strcmp(command, "selftest") == 0)
        return selftest_main(count - 1, arguments + 1);
    if (ask_has(command))
        return ask_main(command, count - 1, arguments + 1);
    if (strcmp(command, "--version") == 0) {
        output_format(OUTPUT_STDOUT, "pipeport %s", pp_version());
        return output_status(0);
    }
    if (strcmp(command, "--help") == 0) {
        main__print_help();
        return output_status(0);
    }
    if (count == 0)
        output_line(OUTPUT_STDERR, "pipeport: a command is missing; allowed: " MAIN__COMMANDS);
    else
        output_format(OUTPUT_STDERR, "pipeport: unknown command \"%s\"; allowed: " MAIN__COMMANDS,
                      utf_shorten(command).text);
    return EXITS_WRONG_ARGUMENTS;
}

int wmain(int argc, wchar_t **argv)
{
    int count = argc > 0 ? argc - 1 : 0, code;
    char **arguments = main__to_utf8(count, argv + 1);

    if (!arguments) {
        output_line(OUTPUT_STDERR, "pipeport: an argument is not valid Unicode");
        return EXITS_WRONG_ARGUMENTS;
    }
    code = main__run(count, arguments);
    mem_free(arguments);
    return code;
}
