/*
 * The folder: pipe_load, which loads a pipe server or a mailslot and measures throughput and
 * latency. It is built on pipeport.h alone, so it proves the client side of the library as well.
 * This file reads the command line and decides about the exit status.
 */
#include "moment.h"
#include "datagrams.h"
#include "load.h"
#include "options.h"
#include "report.h"
#include "win.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>

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
        if (!arguments[i])
            return NULL;
    }
    return arguments;
}

static int main__complain(const char *text, int code)
{
    fprintf(stderr, "pipe_load: %s\n", text);
    fflush(stderr);
    return code;
}

/* Opened before the run, so that a wrong path does not cost one. NULL without --json, and when it
 * cannot be opened, which `ok` then says. */
static FILE *main__open_json(const char *path, bool *ok)
{
    wchar_t wide[1024];
    FILE *file = NULL;

    *ok = true;
    if (!path)
        return NULL;
    if (MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, (int)(sizeof wide / sizeof *wide)) > 0)
        file = _wfopen(wide, L"wb");
    *ok = file != NULL;
    return file;
}

static int main__report(const options *o, const result *r, FILE *json)
{
    int code = r->trouble.count > 0 || r->tally->verify_failures > 0 ? MAIN__FAILED : 0;

    if (!o->quiet)
        report_print_table(o, r);
    fflush(stdout);
    if (r->trouble.count > 0)
        main__complain(r->trouble.text, code);
    if (json && !report_write_json(o, r, json))
        code = main__complain("the JSON file cannot be written", MAIN__FAILED);
    return code;
}

static int main__run(const options *o)
{
    static result r; /* threads that still block at the end may note into it */
    char error[OPTIONS_ERROR];
    bool ok, wrong_argument = false;
    FILE *json = main__open_json(o->json, &ok);

    if (!ok) {
        snprintf(error, sizeof error, "--json is \"%.200s\", which cannot be opened for writing",
                 o->json);
        return main__complain(error, MAIN__FAILED);
    }
    moment_open();
    ok = o->mailslot ? datagrams_run(o, &r, error, &wrong_argument)
                     : load_run(o, &r, error, &wrong_argument);
    if (!ok)
        return main__complain(error, wrong_argument ? MAIN__WRONG_ARGUMENT : MAIN__FAILED);
    return main__report(o, &r, json);
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
        return 0;
    }
    return main__run(&o);
}
