#include "text.h"

#include <stdio.h>
#include <string.h>

/* Ends a text that fills all of its `size` bytes at the last character that leaves room for the
 * mark. */
static void text__mark(char *text, size_t size)
{
    size_t end = size - sizeof TEXT_CUT;

    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--; /* inside a character */
    memcpy(text + end, TEXT_CUT, sizeof TEXT_CUT);
}

void text_format(char *to, size_t size, const char *format, va_list arguments)
{
    if (vsnprintf(to, size, format, arguments) >= (int)size)
        text__mark(to, size);
}

text_short text_shorten(const char *value)
{
    text_short result;

    if (snprintf(result.text, sizeof result.text, "%s", value) >= (int)sizeof result.text)
        text__mark(result.text, sizeof result.text);
    return result;
}
