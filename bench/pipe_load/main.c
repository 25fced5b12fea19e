/*
 * The folder: pipe_load, which loads a pipe server or a mailslot and measures throughput and
 * latency. It is built on pipeport.h alone, so it proves the client side of the library as well.
 * This file reads the command line and decides about the exit status.
 */
#include "datagrams.h"
#include "figures.h"
#include "interrupt.h"
#include "load.h"
#include "moment.h"
#include "options.h"
#include "report.h"
#include "text.h"
#include "win.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAIN__FAILED 1
#define MAIN__WRONG_ARGUMENT 2
#define MAIN__BUFFER 4096

int wmain(int argc, wchar_t **argv);

/* A new copy in UTF-8; NULL: no memory, or no text. */
static char *main__to_utf8(const wchar_t *wide)
{
    int size = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, NULL, 0, NULL, NULL);
    char *text = size > 0 ? malloc((size_t)size) : NULL;

    if (text)
        WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, text, size, NULL, NULL);
    return text;
}

/* The arguments live as long as the process. */
static char **main__arguments(int count, wchar_t **wide)
{
    char **arguments = calloc((size_t)count + 1, sizeof(char *));

    for (int i = 0; arguments && i < count; i++) {
        arguments[i] = main__to_utf8(wide[i]);
        if (!arguments[i]) {
            free(arguments); /* the process ends: its texts go with it */
            return NULL;
        }
    }
    return arguments;
}

static int main__complain(const char *text, int code)
{
    fprintf(stderr, "pipe_load: %s\n", text);
    fflush(stderr);
    return code;
}

/* What is printed is what a run is for. stdio may say so late, but it does. */
static int main__end(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    return main__complain("standard output cannot be written", MAIN__FAILED);
}

static bool main__is_stdout(const options *o)
{
    return o->json && strcmp(o->json, OPTIONS_STDOUT) == 0;
}

static int main__report(const options *o, const result *r)
{
    int code = r->trouble.count > 0 || r->tally->verify_failures > 0 ? MAIN__FAILED : 0;

    if (main__is_stdout(o))
        report_write_json(o, r, stdout);
    else if (!o->quiet)
        report_print_table(o, r);
    code = main__end(code);
    if (r->trouble.count > 0)
        main__complain(r->trouble.text, code);
    if (o->json && !main__is_stdout(o) && !figures_write(o->json, o, r))
        code = main__complain("the JSON file cannot be written; an earlier one is unchanged",
                              MAIN__FAILED);
    if (interrupt_came())
        code = main__complain("interrupted; the figures end here", INTERRUPT_STATUS);
    return code;
}

static int main__run(const options *o)
{
    static result r; /* threads that still block at the end may note into it */
    char error[OPTIONS_ERROR];
    bool ok, wrong_argument = false;

    if (o->json && !main__is_stdout(o) && !figures_check(o->json)) {
        snprintf(error, sizeof error, "--json is \"%s\"; allowed: a writable file, or -",
                 text_shorten(o->json).text);
        return main__complain(error, MAIN__FAILED);
    }
    if (!interrupt_open())
        return main__complain("Windows refuses the handler of Ctrl-C", MAIN__FAILED);
    moment_open();
    ok = o->mailslot ? datagrams_run(o, &r, error, &wrong_argument)
                     : load_run(o, &r, error, &wrong_argument);
    if (ok)
        return main__report(o, &r);
    return main__complain(error, interrupt_came() ? INTERRUPT_STATUS
                                 : wrong_argument ? MAIN__WRONG_ARGUMENT
                                                  : MAIN__FAILED);
}

int wmain(int argc, wchar_t **argv)
{
    int count = argc > 0 ? argc - 1 : 0;
    char **arguments = main__arguments(count, argv + 1), error[OPTIONS_ERROR];
    options o;

    _setmode(_fileno(stdout), _O_BINARY); /* lines end in "\n" alone */
    _setmode(_fileno(stderr), _O_BINARY);
    setvbuf(stdout, NULL, _IOFBF, MAIN__BUFFER); /* whole lines, also on a console */
    setvbuf(stderr, NULL, _IOFBF, MAIN__BUFFER);
    if (!arguments)
        return main__complain("an argument is not Unicode text; allowed: Unicode",
                              MAIN__WRONG_ARGUMENT);
    if (!options_read(&o, count, arguments, error))
        return main__complain(error, MAIN__WRONG_ARGUMENT);
    if (o.help) {
        options_print_help();
        return main__end(0);
    }
    return main__run(&o);
}
