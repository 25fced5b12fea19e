/*
 * `asker NAME`: sends each line of standard input to the pipe, and prints the line that answers it,
 * until the input or the pipe ends.
 */
#include <windows.h>

#include <stdio.h>
#include <string.h>

/* False: the pipe has ended. */
static BOOL print_answer(HANDLE pipe)
{
    DWORD count;
    char c = 0;

    while (c != '\n') {
        if (!ReadFile(pipe, &c, 1, &count, NULL) || count == 0)
            return FALSE;
        putchar(c);
    }
    fflush(stdout);
    return TRUE;
}

int main(int argc, char **argv)
{
    static char line[65536];
    char path[300];
    DWORD count;
    HANDLE pipe;

    snprintf(path, sizeof path, "\\\\.\\pipe\\%s", argc > 1 ? argv[1] : "");
    pipe = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE)
        return 1;
    while (fgets(line, sizeof line, stdin))
        if (!WriteFile(pipe, line, (DWORD)strlen(line), &count, NULL) || !print_answer(pipe))
            break;
    CloseHandle(pipe);
    return 0;
}
