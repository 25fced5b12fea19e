/*
 * UTF-8 outside, UTF-16 at the Windows calls. The library refuses malformed text, since a name that
 * it changed silently would be another name. It replaces malformed characters only in text that it
 * shows.
 */
#ifndef PP_BASE_UTF_H
#define PP_BASE_UTF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

bool utf_is_good(const char *text);

/* False: the text is malformed, or does not fit with its terminator. */
bool utf_to_utf16(const char *text, wchar_t *wide, size_t count);
bool utf_to_utf8(const wchar_t *wide, char *text, size_t size);

/* A new UTF-16 copy, for mem_free. NULL: malformed text, or no memory. */
wchar_t *utf_copy_utf16(const char *text);

/* The same for people to read: malformed characters become "?". NULL: no memory. */
wchar_t *utf_show_utf16(const char *text);

/*
 * Text from outside in messages and lines. A text that does not fit is cut between two characters,
 * with UTF_CUT as the mark: half a character would make the whole line malformed.
 */
#define UTF_CUT "..."
#define UTF_SHORT 80 /* bytes that a message shows of a value, so that its reason has room */

typedef struct utf_short {
    char text[UTF_SHORT + sizeof UTF_CUT];
} utf_short;

/* The value, or its beginning and the mark. */
utf_short utf_shorten(const char *value);

/* Copies or formats as much as fits into `size` bytes. */
void utf_fit(char *to, size_t size, const char *from);
void utf_format(char *to, size_t size, const char *format, va_list arguments);

#endif
