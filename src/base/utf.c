#include "base/utf.h"

#include "base/mem.h"
#include "base/win.h"

#include <stdio.h>
#include <string.h>

#define UTF__REPLACEMENT 0xFFFD /* what Windows makes of malformed text */

bool utf_is_good(const char *text)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0) > 0;
}

bool utf_to_utf16(const char *text, wchar_t *wide, size_t count)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, (int)count) > 0;
}

bool utf_to_utf8(const wchar_t *wide, char *text, size_t size)
{
    return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, text, (int)size, NULL,
                               NULL) > 0;
}

/* MultiByteToWideChar into a new block. */
static wchar_t *utf__copy(const char *text, DWORD flags)
{
    int count = MultiByteToWideChar(CP_UTF8, flags, text, -1, NULL, 0);
    wchar_t *wide = count > 0 ? mem_alloc((size_t)count * sizeof *wide) : NULL;

    if (wide && MultiByteToWideChar(CP_UTF8, flags, text, -1, wide, count) <= 0) {
        mem_free(wide);
        return NULL;
    }
    return wide;
}

wchar_t *utf_copy_utf16(const char *text)
{
    return utf__copy(text, MB_ERR_INVALID_CHARS);
}

wchar_t *utf_show_utf16(const char *text)
{
    wchar_t *wide = utf__copy(text, 0);

    for (wchar_t *c = wide; c && *c; c++)
        if (*c == UTF__REPLACEMENT)
            *c = L'?';
    return wide;
}

/* Cuts a text that fills its `size` bytes at the last character that leaves room for the mark, and
 * adds the mark. */
static void utf__mark(char *text, size_t size)
{
    size_t end = size - sizeof UTF_CUT;

    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--; /* inside a character */
    memcpy(text + end, UTF_CUT, sizeof UTF_CUT);
}

void utf_fit(char *to, size_t size, const char *from)
{
    if (snprintf(to, size, "%s", from) >= (int)size)
        utf__mark(to, size);
}

void utf_format(char *to, size_t size, const char *format, va_list arguments)
{
    if (vsnprintf(to, size, format, arguments) >= (int)size)
        utf__mark(to, size);
}

utf_short utf_shorten(const char *value)
{
    utf_short result;

    utf_fit(result.text, sizeof result.text, value);
    return result;
}
