/*
 * Text from outside in messages: what does not fit is cut between two characters, and TEXT_CUT says
 * that it was. Half a character would make the whole line no text at all.
 */
#ifndef PIPE_LOAD_TEXT_H
#define PIPE_LOAD_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#define TEXT_CUT "..."
#define TEXT_SHORT 80 /* bytes that a message shows of a value, so that its reason has room */

typedef struct text_short {
    char text[TEXT_SHORT + sizeof TEXT_CUT];
} text_short;

/* The value, or its beginning. */
text_short text_shorten(const char *value);

/* As vsnprintf. */
void text_format(char *to, size_t size, const char *format, va_list arguments);

#endif
