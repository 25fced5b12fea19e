#include "server/text_file.h"

#include "base/mem.h"
#include "base/win.h"

#include <assert.h>
#include <string.h>

#define TEXT_FILE__ALLOWED "allowed: UTF-8, or UTF-16 with a byte order mark"
#define TEXT_FILE__MOST_UTF8 3 /* bytes of a unit of UTF-16 */

static pp_status text_file__refuse(const char *path, const char *what, pp_error *error)
{
    return error_set(error, PP_E_ARGUMENT, 0, "%s %s", utf_shorten(path).text, what);
}

static pp_status text_file__fail(const char *path, uint32_t windows_error, pp_error *error)
{
    return error_set_windows(error, windows_error, utf_shorten(path).text);
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

/* The file's bytes, with two zero bytes behind them. */
static pp_status text_file__load(HANDLE file, const char *path, char **bytes, size_t *size,
                                 pp_error *error)
{
    LARGE_INTEGER length;
    DWORD got;

    if (!GetFileSizeEx(file, &length))
        return text_file__fail(path, win_last_error(), error);
    if (length.QuadPart > TEXT_FILE_MOST)
        return text_file__refuse(path, "is longer than 1M; allowed: at most 1M", error);
    *bytes = mem_alloc_zeroed((size_t)length.QuadPart + sizeof(wchar_t));
    if (!*bytes)
        return error_set(error, PP_E_MEMORY, 0, "no memory for %s", utf_shorten(path).text);
    if (!ReadFile(file, *bytes, (DWORD)length.QuadPart, &got, NULL))
        return text_file__fail(path, win_last_error(), error);
    *size = got;
    return PP_OK;
}

static pp_status text_file__open(const char *path, HANDLE *file, pp_error *error)
{
    wchar_t *wide = utf_copy_utf16(path);

    if (!wide)
        return error_set(error, PP_E_MEMORY, 0, "no memory for the name of a file");
    *file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                        NULL, OPEN_EXISTING, 0, NULL);
    mem_free(wide);
    return *file == INVALID_HANDLE_VALUE ? text_file__fail(path, win_last_error(), error) : PP_OK;
}

/* ---- Text ----------------------------------------------------------------------------------- */

static bool text_file__begins(const char *bytes, size_t size, const char *mark)
{
    return size >= strlen(mark) && memcmp(bytes, mark, strlen(mark)) == 0;
}

static void text_file__swap(char *bytes, size_t size)
{
    for (size_t i = 0; i + 1 < size; i += 2) {
        char first = bytes[i];

        bytes[i] = bytes[i + 1];
        bytes[i + 1] = first;
    }
}

/* The bytes, which begin with a mark, are units of this machine's order. */
static pp_status text_file__from_utf16(const char *path, char **bytes, size_t size, pp_error *error)
{
    const wchar_t *wide = (const wchar_t *)(const void *)*bytes + 1;
    size_t units = size / sizeof *wide - 1;
    char *text;

    if (size % sizeof *wide != 0 || wcslen(wide) != units)
        return text_file__refuse(path, "is no whole UTF-16; " TEXT_FILE__ALLOWED, error);
    text = mem_alloc(units * TEXT_FILE__MOST_UTF8 + 1);
    if (!text)
        return error_set(error, PP_E_MEMORY, 0, "no memory for %s", utf_shorten(path).text);
    if (!utf_to_utf8(wide, text, units * TEXT_FILE__MOST_UTF8 + 1)) {
        mem_free(text);
        return text_file__refuse(path, "is no whole UTF-16; " TEXT_FILE__ALLOWED, error);
    }
    mem_free(*bytes);
    *bytes = text;
    return PP_OK;
}

/* The line that is no UTF-8, from 1; 0: all are. */
static unsigned text_file__bad_line(char *text)
{
    unsigned line = 1;

    for (char *end; (end = strchr(text, '\n')) != NULL; text = end + 1, line++) {
        bool good;

        *end = 0;
        good = utf_is_good(text);
        *end = '\n';
        if (!good)
            return line;
    }
    return utf_is_good(text) ? 0 : line;
}

static pp_status text_file__from_utf8(const char *path, char *bytes, size_t size, pp_error *error)
{
    unsigned bad;

    if (text_file__begins(bytes, size, "\xEF\xBB\xBF")) {
        memmove(bytes, bytes + 3, size - 3 + 1);
        size -= 3;
    }
    if (strlen(bytes) != size)
        return text_file__refuse(path, "has a byte of 0; " TEXT_FILE__ALLOWED, error);
    bad = text_file__bad_line(bytes);
    if (bad == 0)
        return PP_OK;
    return error_set(error, PP_E_ARGUMENT, 0, "%s:%u: the line is not UTF-8; " TEXT_FILE__ALLOWED,
                     utf_shorten(path).text, bad);
}

static pp_status text_file__decode(const char *path, char **bytes, size_t size, pp_error *error)
{
    bool big = text_file__begins(*bytes, size, "\xFE\xFF");

    if (big)
        text_file__swap(*bytes, size);
    if (big || text_file__begins(*bytes, size, "\xFF\xFE"))
        return text_file__from_utf16(path, bytes, size, error);
    return text_file__from_utf8(path, *bytes, size, error);
}

pp_status text_file_read(const char *path, char **text, pp_error *error)
{
    HANDLE file = INVALID_HANDLE_VALUE;
    size_t size = 0;
    pp_status status;

    *text = NULL;
    status = text_file__open(path, &file, error);
    if (status != PP_OK)
        return status;
    status = text_file__load(file, path, text, &size, error);
    CloseHandle(file);
    assert(*text || status != PP_OK);
    if (status == PP_OK)
        status = text_file__decode(path, text, size, error);
    if (status != PP_OK) {
        mem_free(*text);
        *text = NULL;
    }
    return status;
}
