#include "server/output.h"

#include "base/mem.h"
#include "base/utf.h"
#include "base/win.h"
#include "server/exits.h"
#include "server/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OUTPUT__LINE 2048
#define OUTPUT__LAST_MS 2000u /* that a stream may take at the end for the lines that wait */

typedef struct output__target {
    DWORD handle;
    writer *writer; /* NULL: the thread that prints writes */
    DWORD error;    /* of the first write that failed, or 0 */
} output__target;

#define OUTPUT__STREAMS 2
static output__target output__targets[OUTPUT__STREAMS] = {{STD_OUTPUT_HANDLE, NULL, ERROR_SUCCESS},
                                                          {STD_ERROR_HANDLE, NULL, ERROR_SUCCESS}};

/* ---- Writing -------------------------------------------------------------------------------- */

/* A console accepts at most some 60 KiB in one call, so it gets one line after the other. */
static DWORD output__write_console(HANDLE console, const char *text)
{
    DWORD code = ERROR_SUCCESS, written;

    while (*text && code == ERROR_SUCCESS) {
        size_t length = strcspn(text, "\n");
        char line[OUTPUT__LINE + 1];
        wchar_t *wide;

        length += text[length] == '\n';
        length = length < OUTPUT__LINE ? length : OUTPUT__LINE;
        memcpy(line, text, length);
        line[length] = 0;
        text += length;
        wide = utf_show_utf16(line);
        if (!wide)
            return ERROR_NOT_ENOUGH_MEMORY;
        if (!WriteConsoleW(console, wide, (DWORD)wcslen(wide), &written, NULL))
            code = win_last_error();
        mem_free(wide);
    }
    return code;
}

/* To a file or a pipe. */
static DWORD output__write_bytes(HANDLE handle, const char *text)
{
    DWORD size = (DWORD)strlen(text), written;

    if (!WriteFile(handle, text, size, &written, NULL))
        return win_last_error();
    return written == size ? ERROR_SUCCESS : ERROR_WRITE_FAULT; /* the disk has become full */
}

/* Also a writer_fn. */
static void output__write(void *target, const char *text)
{
    output__target *t = target;
    HANDLE handle = GetStdHandle(t->handle);
    DWORD mode, code;

    if (GetConsoleMode(handle, &mode))
        code = output__write_console(handle, text);
    else
        code = output__write_bytes(handle, text);
    if (t->error == ERROR_SUCCESS)
        t->error = code;
}

void output_text(output_stream stream, const char *text)
{
    output__target *t = &output__targets[stream];

    if (t->writer)
        writer_add(t->writer, text);
    else
        output__write(t, text);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

void output_line(output_stream stream, const char *line)
{
    char text[OUTPUT__LINE + 1], *c;

    utf_fit(text, OUTPUT__LINE, line);
    for (c = text; *c; c++)
        if ((unsigned char)*c < ' ')
            *c = '?';
    c[0] = '\n';
    c[1] = 0;
    output_text(stream, text);
}

void output_format(output_stream stream, const char *format, ...)
{
    char line[OUTPUT__LINE];
    va_list arguments;

    va_start(arguments, format);
    utf_format(line, sizeof line, format, arguments);
    va_end(arguments);
    output_line(stream, line);
}

/* ---- Beginning and end ---------------------------------------------------------------------- */

bool output_open(void)
{
    bool ok = true;

    for (int i = 0; i < OUTPUT__STREAMS; i++) {
        output__targets[i].writer = writer_open(output__write, &output__targets[i]);
        ok = ok && output__targets[i].writer;
    }
    return ok;
}

void output_close(void)
{
    for (int i = 0; i < OUTPUT__STREAMS; i++) {
        writer *w = output__targets[i].writer;

        output__targets[i].writer = NULL;
        if (w && !writer_close(w, OUTPUT__LAST_MS)) {
            /* Nobody reads. The thread stays in its write until the process ends. */
        }
    }
}

int output_status(int status)
{
    DWORD error = output__targets[OUTPUT_STDOUT].error;

    if (error == ERROR_SUCCESS)
        return status;
    output_format(OUTPUT_STDERR, "pipeport: standard output cannot be written: Windows error %lu",
                  (unsigned long)error);
    return EXITS_FAILED;
}
