/*
 * What is left of the system: text, errors, processes, and questions that every program asks.
 */
#include "files.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winternl.h>

/* ---- Errors --------------------------------------------------------------------------------- */

static const struct {
    NTSTATUS status;
    DWORD error;
} system__errors[] = {
    {0, ERROR_SUCCESS},
    {SIM_ACCESS_DENIED, ERROR_ACCESS_DENIED},
    {SIM_BUFFER_TOO_SMALL, ERROR_INSUFFICIENT_BUFFER},
    {SIM_NAME_COLLISION, ERROR_ALREADY_EXISTS},
    {SIM_INVALID_PARAMETER, ERROR_INVALID_PARAMETER},
    {SIM_PIPE_BUSY, ERROR_PIPE_BUSY},
    {SIM_WRONG_READ_MODE, ERROR_BAD_PIPE},
    {SIM_TIMED_OUT, ERROR_SEM_TIMEOUT},
    {SIM_FORCED_CLOSED, ERROR_HANDLE_EOF},
    {SIM_BAD_NETPATH, ERROR_BAD_NETPATH},
    {SIM_PIPE_EMPTY, ERROR_NO_DATA},
    {SIM_BUFFER_OVERFLOW, ERROR_MORE_DATA},
    {SIM_PIPE_DISCONNECTED, ERROR_PIPE_NOT_CONNECTED},
    {SIM_PIPE_CLOSING, ERROR_NO_DATA},
    {SIM_PIPE_LISTENING, ERROR_PIPE_LISTENING},
    {SIM_CANCELLED, ERROR_OPERATION_ABORTED},
    {SIM_PIPE_BROKEN, ERROR_BROKEN_PIPE},
    {(NTSTATUS)0xC000020D, ERROR_NETNAME_DELETED},     /* STATUS_CONNECTION_RESET */
    {(NTSTATUS)0xC000009A, ERROR_NO_SYSTEM_RESOURCES}, /* STATUS_INSUFFICIENT_RESOURCES */
};

DWORD sim_error_of(NTSTATUS status)
{
    for (size_t i = 0; i < sizeof system__errors / sizeof *system__errors; i++)
        if (system__errors[i].status == status)
            return system__errors[i].error;
    sim_fail("no Windows error is known for the status %08x", (unsigned)status);
    return 0;
}

ULONG RtlNtStatusToDosError(NTSTATUS status)
{
    return sim_error_of(status);
}

DWORD FormatMessageW(DWORD flags, const void *source, DWORD id, DWORD language, WCHAR *text,
                     DWORD room, va_list *arguments)
{
    (void)flags, (void)source, (void)language, (void)room, (void)arguments;
    sim_swprintf(text, room, L"error %u", id);
    return (DWORD)wcslen(text);
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* One character of UTF-8; 0: malformed. `*length`: its bytes. */
static uint32_t system__decode(const unsigned char *at, size_t left, int *length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int count = at[0] < 0x80 ? 1 : at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : at[0] >= 0xC2 ? 2 : 0;
    uint32_t c;

    *length = 1;
    if (count == 0 || at[0] > 0xF4 || (size_t)count > left)
        return 0;
    if (count == 1)
        return at[0];
    c = at[0] & (0x7Fu >> count);
    for (int i = 1; i < count; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (at[i] & 0x3Fu);
    }
    if (c < least[count] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        return 0;
    *length = count;
    return c;
}

int MultiByteToWideChar(UINT page, DWORD flags, const char *text, int length, WCHAR *wide, int room)
{
    size_t size = length < 0 ? strlen(text) + 1 : (size_t)length;
    int count = 0;

    (void)page;
    for (size_t at = 0; at < size;) {
        const unsigned char *from = (const unsigned char *)text + at;
        int used, units;
        uint32_t c = system__decode(from, size - at, &used);

        if (c == 0 && *from != 0) {
            if (flags & MB_ERR_INVALID_CHARS)
                return 0;
            c = 0xFFFD;
        }
        units = c >= 0x10000 ? 2 : 1;
        if (wide && count + units > room)
            return sim_error(ERROR_INSUFFICIENT_BUFFER);
        if (wide && units == 1)
            wide[count] = (WCHAR)c;
        if (wide && units == 2) {
            wide[count] = (WCHAR)(0xD800 + ((c - 0x10000) >> 10));
            wide[count + 1] = (WCHAR)(0xDC00 + ((c - 0x10000) & 0x3FF));
        }
        count += units;
        at += (size_t)used;
    }
    return count;
}

int WideCharToMultiByte(UINT page, DWORD flags, const WCHAR *wide, int length, char *text, int room,
                        const char *unknown, BOOL *used)
{
    size_t size = length < 0 ? wcslen(wide) + 1 : (size_t)length;
    int count = 0;

    (void)page, (void)flags, (void)unknown, (void)used;
    for (size_t at = 0; at < size; at++) {
        uint32_t c = (uint16_t)wide[at];
        char bytes[4];
        int n;

        if (c >= 0xD800 && c < 0xDC00 && at + 1 < size)
            c = 0x10000 + ((c - 0xD800) << 10) + ((uint16_t)wide[++at] - 0xDC00u);
        n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (n == 1)
            bytes[0] = (char)c;
        for (int i = n - 1; n > 1 && i > 0; i--, c >>= 6)
            bytes[i] = (char)(0x80 | (c & 0x3F));
        if (n > 1)
            bytes[0] = (char)((0xF00 >> n & 0xFF) | c);
        if (text && count + n > room)
            return sim_error(ERROR_INSUFFICIENT_BUFFER);
        if (text)
            memcpy(text + count, bytes, (size_t)n);
        count += n;
    }
    return count;
}

/* printf's, but for a long of 32 bits, which is an int here. */
#undef vsnprintf
int sim_vsnprintf(char *to, size_t size, const char *format, va_list arguments)
{
    char changed[1024];
    size_t used = 0;

    for (const char *at = format; *at && used + 1 < sizeof changed; at++)
        if (at == format || at[0] != 'l' || at[1] == 'l' || at[-1] == 'l' ||
            !strchr("%0123456789.", at[-1]) || !strchr("dux", at[1]))
            changed[used++] = *at;
    changed[used] = 0;
    return vsnprintf(to, size, changed, arguments);
}

size_t sim_wcslen(const WCHAR *text)
{
    size_t length = 0;

    while (text[length])
        length++;
    return length;
}

WCHAR *sim_wcschr(const WCHAR *text, WCHAR c)
{
    while (*text && *text != c)
        text++;
    return *text == c ? (WCHAR *)(uintptr_t)text : NULL;
}

WCHAR *sim_wcscpy(WCHAR *to, const WCHAR *from)
{
    return memcpy(to, from, (wcslen(from) + 1) * sizeof *from);
}

WCHAR *sim_wcscat(WCHAR *to, const WCHAR *from)
{
    sim_wcscpy(to + wcslen(to), from);
    return to;
}

static int system__compare(const WCHAR *a, const WCHAR *b, size_t count, bool fold)
{
    for (; count > 0; a++, b++, count--) {
        int x = fold && *a < 128 ? tolower(*a) : *a, y = fold && *b < 128 ? tolower(*b) : *b;

        if (x != y || x == 0)
            return x - y;
    }
    return 0;
}

int sim_wcsncmp(const WCHAR *a, const WCHAR *b, size_t count)
{
    return system__compare(a, b, count, false);
}

int sim_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return system__compare(a, b, SIZE_MAX, false);
}

int _wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return system__compare(a, b, SIZE_MAX, true);
}

int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count)
{
    return system__compare(a, b, count, true);
}

int _strnicmp(const char *a, const char *b, size_t count)
{
    for (; count > 0; a++, b++, count--)
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b) || !*a)
            return tolower((unsigned char)*a) - tolower((unsigned char)*b);
    return 0;
}

/* The conversions that the library uses: %ls, and numbers as printf has them. */
int sim_swprintf(WCHAR *to, size_t count, const WCHAR *format, ...)
{
    size_t used = 0;
    va_list arguments;

    va_start(arguments, format);
    while (*format && used + 1 < count) {
        char conversion[16], text[64];
        size_t length = 0;

        if (*format != L'%') {
            to[used++] = *format++;
            continue;
        }
        if (format[1] == L'l' && format[2] == L's') {
            const WCHAR *from = va_arg(arguments, const WCHAR *);

            while (*from && used + 1 < count)
                to[used++] = *from++;
            format += 3;
            continue;
        }
        if (format[1] == L'h' && format[2] == L's') {
            const char *from = va_arg(arguments, const char *);

            while (*from && used + 1 < count)
                to[used++] = (WCHAR)*from++;
            format += 3;
            continue;
        }
        do
            conversion[length++] = (char)*format;
        while (!isalpha((unsigned char)*format++) || format[-1] == L'l');
        conversion[length] = 0;
        if (strstr(conversion, "ls"))
            sim_fail("swprintf: %s", conversion);
        if (strchr(conversion, 'l'))
            snprintf(text, sizeof text, conversion, va_arg(arguments, unsigned long));
        else
            snprintf(text, sizeof text, conversion, va_arg(arguments, unsigned));
        for (const char *at = text; *at && used + 1 < count; at++)
            to[used++] = (WCHAR)*at;
    }
    va_end(arguments);
    to[used] = 0;
    return (int)used;
}

/* ---- Processes and processors --------------------------------------------------------------- */

HANDLE GetCurrentProcess(void)
{
    return (HANDLE)(intptr_t)-1;
}

HANDLE GetCurrentThread(void)
{
    return (HANDLE)(intptr_t)-2;
}

DWORD GetCurrentProcessId(void)
{
    return sim_process_here()->id;
}

/* Of other processes: not known here. */
BOOL ProcessIdToSessionId(DWORD process, DWORD *session)
{
    if (process != sim_process_here()->id)
        sim_fail("the session of another process is not modelled yet");
    *session = sim_process_here()->session;
    return TRUE;
}

BOOL GetProcessAffinityMask(HANDLE process, DWORD_PTR *ours, DWORD_PTR *all)
{
    (void)process;
    *ours = *all = 3;
    return TRUE;
}

BOOL GetProcessGroupAffinity(HANDLE process, USHORT *count, USHORT *groups)
{
    (void)process;
    *count = 1;
    groups[0] = 0;
    return TRUE;
}

DWORD GetActiveProcessorCount(WORD group)
{
    (void)group;
    return 2;
}

/* The one function that is looked for by its name. */
HMODULE GetModuleHandleW(const WCHAR *name)
{
    static char ntdll;

    return _wcsicmp(name, L"ntdll.dll") == 0 ? &ntdll : NULL;
}

FARPROC GetProcAddress(HMODULE module, const char *name)
{
    return module && strcmp(name, "NtCreateMailslotFile") == 0 ? (FARPROC)NtCreateMailslotFile
                                                               : NULL;
}
