/*
 * A client that never reads. `never_reader PIPE BYTES`: writes so many bytes, says "written", and
 * waits for the end of its standard input.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    DWORD size = argc > 2 ? (DWORD)atoi(argv[2]) : 0, count;
    char *data = calloc(1, size + 1);
    HANDLE pipe =
        CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

    if (pipe == INVALID_HANDLE_VALUE || !data || !WriteFile(pipe, data, size, &count, NULL))
        return 1;
    puts("written");
    fflush(stdout);
    while (getchar() != EOF)
        ; /* nothing is expected */
    return 0;
}
