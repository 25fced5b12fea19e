/*
 * UTF-8 outside, UTF-16 at the Windows calls. Wrong sequences are refused, never replaced: a name
 * that was changed silently would be another name.
 */
#ifndef PP_BASE_UTF_H
#define PP_BASE_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/* Both fail when the text is malformed or does not fit with its terminator. */
bool utf_to_utf16(const char *text, wchar_t *wide, size_t count);
bool utf_to_utf8(const wchar_t *wide, char *text, size_t size);

/* A new UTF-16 copy that mem_free takes back; NULL: malformed, or no memory. */
wchar_t *utf_copy_utf16(const char *text);

#endif
