/*
 * A child process for pp_spawn. `child copy`: copies standard input to standard output, and says so
 * on standard error at the end. `child early`: ends at once. `child deaf EVENT`: sets the
 * event and never reads. `child holds HANDLE EVENT`: prints whether the handle with this number is
 * one of the event; another with the same number may well be open. `child leaves EVENT`: ends, but
 * leaves a child of its own with its streams: `child lingers EVENT`, which waits for the event,
 * prints, and ends.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static int copy(void)
{
    static char buffer[8192];
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_OUTPUT_HANDLE);
    DWORD count, written, all = 0;

    while (ReadFile(in, buffer, sizeof buffer, &count, NULL) && count > 0) {
        if (!WriteFile(out, buffer, count, &written, NULL))
            return 1;
        all += written;
    }
    fprintf(stderr, "copied %lu", all);
    return 0;
}

static int leave(const char *event)
{
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    wchar_t self[MAX_PATH], line[MAX_PATH + 128];

    GetModuleFileNameW(NULL, self, MAX_PATH);
    swprintf(line, sizeof line / sizeof *line, L"\"%ls\" lingers %hs", self, event);
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made))
        return 1;
    fputs("child ", stdout);
    return 0;
}

static int be_deaf(const char *name)
{
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, name);

    if (!event || !SetEvent(event))
        return 1;
    WaitForSingleObject(GetCurrentProcess(), INFINITE);
    return 0;
}

static int linger(const char *name)
{
    HANDLE event = OpenEventA(SYNCHRONIZE, FALSE, name);

    if (!event || WaitForSingleObject(event, 60000) != WAIT_OBJECT_0)
        return 1;
    fputs("grandchild", stdout);
    return 0;
}

static int holds(const char *number, const char *name)
{
    typedef void any_function(void);
    typedef BOOL WINAPI compare(HANDLE first, HANDLE second); /* Windows 10; in no import library */
    HMODULE base = GetModuleHandleW(L"kernelbase.dll");
    compare *same = (compare *)(any_function *)GetProcAddress(base, "CompareObjectHandles");
    HANDLE handle = (HANDLE)(ULONG_PTR)strtoull(number, NULL, 16);
    HANDLE event = OpenEventA(SYNCHRONIZE, FALSE, name);

    if (!same || !event)
        return 1;
    fputs(same(handle, event) ? "yes" : "no", stdout);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "copy") == 0)
        return copy();
    if (argc > 2 && strcmp(argv[1], "deaf") == 0)
        return be_deaf(argv[2]);
    if (argc > 2 && strcmp(argv[1], "leaves") == 0)
        return leave(argv[2]);
    if (argc > 2 && strcmp(argv[1], "lingers") == 0)
        return linger(argv[2]);
    if (argc > 3 && strcmp(argv[1], "holds") == 0)
        return holds(argv[2], argv[3]);
    return 3;
}
