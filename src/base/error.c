/*
 * The table of statuses, read in three ways: names, texts, and the Windows errors that mean them.
 */
#include "base/error.h"

#include "base/utf.h"
#include "base/win.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERROR__MAX_MAPPED 12
#define ERROR__SYSTEM_TEXT 512 /* characters of the system's longest sentence */
/* Bytes of that sentence in a message, beside its subject and its number. */
#define ERROR__REASON (sizeof((pp_error *)0)->message - sizeof(utf_short) - 16)
#define ERROR__BRACED(...)                                                                         \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

typedef struct error__row {
    const char *name, *text;
    uint32_t mapped[ERROR__MAX_MAPPED]; /* ends with 0 */
} error__row;

static const error__row error__table[] = {
#define ERROR__ROW(name, text, errors) {"PP_" #name, text, ERROR__BRACED errors},
    PP_STATUS_TABLE(ERROR__ROW)
#undef ERROR__ROW
};

const char *pp_status_name(pp_status status)
{
    return (unsigned)status < PP_STATUS_COUNT ? error__table[status].name : "PP_?";
}

const char *pp_status_text(pp_status status)
{
    return (unsigned)status < PP_STATUS_COUNT ? error__table[status].text : "unknown status";
}

pp_status error_from_windows(uint32_t windows_error)
{
    if (windows_error == ERROR_SUCCESS)
        return PP_OK;
    for (int status = 0; status < PP_STATUS_COUNT; status++)
        for (int i = 0; i < ERROR__MAX_MAPPED && error__table[status].mapped[i] != 0; i++)
            if (error__table[status].mapped[i] == windows_error)
                return (pp_status)status;
    return PP_E_SYSTEM;
}

pp_status error_set(pp_error *error, pp_status status, uint32_t windows_error, const char *format,
                    ...)
{
    va_list arguments;

    if (error) {
        error->status = status;
        error->windows_error = windows_error;
        va_start(arguments, format);
        utf_format(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}

/* The system's sentence about an error, without its full stop and line end. */
static void error__system_text(uint32_t windows_error, char *text, size_t size)
{
    wchar_t wide[ERROR__SYSTEM_TEXT];
    char whole[ERROR__SYSTEM_TEXT * 3];
    DWORD length =
        FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                       windows_error, 0, wide, (DWORD)(sizeof wide / sizeof *wide), NULL);

    while (length > 0 && (wide[length - 1] <= L' ' || wide[length - 1] == L'.'))
        length--;
    wide[length < sizeof wide / sizeof *wide ? length : 0] = 0;
    if (length == 0 || !utf_to_utf8(wide, whole, sizeof whole))
        snprintf(whole, sizeof whole, "Windows error");
    utf_fit(text, size, whole);
}

pp_status error_set_windows(pp_error *error, uint32_t windows_error, const char *what)
{
    char text[ERROR__REASON];

    error__system_text(windows_error, text, sizeof text);
    return error_set(error, error_from_windows(windows_error), windows_error, "%s: %s (%lu)",
                     utf_shorten(what).text, text, (unsigned long)windows_error);
}

pp_status error_check_text(pp_error *error, pp_status status, const char *field, const char *text)
{
    return utf_is_good(text) ? PP_OK : error_set(error, status, 0, "%s is not UTF-8", field);
}
