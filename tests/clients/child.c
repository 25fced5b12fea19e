/*
 * A child process for pp_spawn. `child copy`: copies standard input to standard output, and says so
 * on standard error at the end. `child early`: ends at once. `child deaf`: never reads. `child
 * holds HANDLE`: prints whether the handle with this number is open here. `child leaves EVENT`:
 * ends, but leaves a child of its own with its streams: `child lingers EVENT`, which waits for the
 * event, prints, and ends.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    char self[MAX_PATH], line[MAX_PATH + 128];

    GetModuleFileNameA(NULL, self, sizeof self);
    snprintf(line, sizeof line, "\"%s\" lingers %s", self, event);
    if (!CreateProcessA(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &made))
        return 1;
    fputs("child ", stdout);
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

int main(int argc, char **argv)
{
    DWORD flags;

    if (argc > 1 && strcmp(argv[1], "copy") == 0)
        return copy();
    if (argc > 1 && strcmp(argv[1], "deaf") == 0)
        WaitForSingleObject(GetCurrentProcess(), INFINITE);
    if (argc > 2 && strcmp(argv[1], "leaves") == 0)
        return leave(argv[2]);
    if (argc > 2 && strcmp(argv[1], "lingers") == 0)
        return linger(argv[2]);
    if (argc > 2 && strcmp(argv[1], "holds") == 0) {
        HANDLE handle = (HANDLE)(ULONG_PTR)strtoull(argv[2], NULL, 16);

        fputs(GetHandleInformation(handle, &flags) ? "yes" : "no", stdout);
        return 0;
    }
    return 3;
}
