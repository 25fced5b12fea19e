#include "base/utf.h"

#include "base/mem.h"
#include "base/win.h"

bool utf_to_utf16(const char *text, wchar_t *wide, size_t count)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, (int)count) > 0;
}

bool utf_to_utf8(const wchar_t *wide, char *text, size_t size)
{
    return WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, wide, -1, text, (int)size, NULL,
                               NULL) > 0;
}

wchar_t *utf_copy_utf16(const char *text)
{
    int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = count > 0 ? mem_alloc((size_t)count * sizeof *wide) : NULL;

    if (wide && !utf_to_utf16(text, wide, (size_t)count)) {
        mem_free(wide);
        return NULL;
    }
    return wide;
}
