#include "server/output.h"

#include "base/mem.h"
#include "base/utf.h"
#include "base/win.h"
#include "iocp/kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OUTPUT__LINE 2048

static HANDLE output__handle(output_stream stream)
{
    return GetStdHandle(stream == OUTPUT_STDOUT ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE);
}

/* Nobody could be told that writing failed, so nobody is. */
void output_text(output_stream stream, const char *text)
{
    HANDLE handle = output__handle(stream);
    wchar_t *wide;
    DWORD mode;

    if (!GetConsoleMode(handle, &mode)) {
        kernel_write_now(NULL, handle, text, (DWORD)strlen(text));
        return;
    }
    wide = utf_copy_utf16(text);
    if (wide)
        WriteConsoleW(handle, wide, (DWORD)wcslen(wide), &mode, NULL);
    mem_free(wide);
}

void output_line(output_stream stream, const char *line)
{
    char text[OUTPUT__LINE + 1];
    size_t length = 0;

    for (; line[length] && length < OUTPUT__LINE - 1; length++)
        text[length] = (unsigned char)line[length] < ' ' ? '?' : line[length];
    text[length] = '\n';
    text[length + 1] = 0;
    output_text(stream, text);
}

void output_format(output_stream stream, const char *format, ...)
{
    char line[OUTPUT__LINE];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    output_line(stream, line);
}
