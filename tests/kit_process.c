#include "kit.h"

#include "base/win.h"

#include <psapi.h>
#include <wchar.h>

/* ---- What the library calls ----------------------------------------------------------------- */

void kit_import(void **place, void *function)
{
    DWORD before;

    VirtualProtect(place, sizeof *place, PAGE_READWRITE, &before);
    InterlockedExchangePointer(place, function);
    VirtualProtect(place, sizeof *place, before, &before);
}

/* FILE_PIPE_LOCAL_INFORMATION, from Microsoft's page of it. */
typedef struct local_information {
    ULONG type, configuration, most_instances, instances, in_quota, read_available, out_quota,
        write_available, state, end;
} local_information;

ULONG kit_bytes_waiting(HANDLE pipe)
{
    static const FILE_INFORMATION_CLASS local = (FILE_INFORMATION_CLASS)24;
    local_information information;
    IO_STATUS_BLOCK result;

    return NtQueryInformationFile(pipe, &result, &information, sizeof information, local) == 0
               ? information.read_available
               : MAXDWORD;
}

/* ---- The process ---------------------------------------------------------------------------- */

bool kit_is_wine(void)
{
    return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

size_t kit_descriptors(void)
{
    WIN32_FIND_DATAW entry;
    HANDLE find;
    DWORD handles = 0;
    size_t count = 0;

    if (!kit_is_wine()) {
        assert_true(GetProcessHandleCount(GetCurrentProcess(), &handles));
        return handles;
    }
    find = FindFirstFileW(L"Z:\\proc\\self\\fd\\*", &entry);
    assert_true(find != INVALID_HANDLE_VALUE);
    do
        count++;
    while (FindNextFileW(find, &entry));
    FindClose(find);
    return count;
}

void kit_own_sid(char *text, size_t size)
{
    union {
        TOKEN_USER user;
        char bytes[256];
    } buffer;
    HANDLE token;
    DWORD used;
    char *sid;

    assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    assert_true(GetTokenInformation(token, TokenUser, &buffer, sizeof buffer, &used));
    assert_true(ConvertSidToStringSidA(buffer.user.User.Sid, &sid));
    snprintf(text, size, "%s", sid);
    LocalFree(sid);
    CloseHandle(token);
}

size_t kit_memory(void)
{
    PROCESS_MEMORY_COUNTERS_EX counters;

    assert_true(GetProcessMemoryInfo(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&counters,
                                     sizeof counters));
    return kit_is_wine() ? counters.WorkingSetSize : counters.PrivateUsage;
}

const char *kit_command(const char *program, const char *arguments)
{
    static char command[4 * MAX_PATH];
    wchar_t path[MAX_PATH];
    char folder[3 * MAX_PATH];

    assert_in_range(GetModuleFileNameW(NULL, path, MAX_PATH), 1, MAX_PATH - 1);
    assert_true(WideCharToMultiByte(CP_UTF8, 0, path, -1, folder, sizeof folder, NULL, NULL));
    *strrchr(folder, '\\') = 0;
    snprintf(command, sizeof command, "\"%s\\%s\" %s", folder, program, arguments);
    return command;
}
