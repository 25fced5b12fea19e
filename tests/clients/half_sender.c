/*
 * A client that stops in the middle of a message and waits to be killed. `half_sender PIPE`: writes
 * a frame's header that announces 1,000 bytes, and 10 of them; says so; and sleeps.
 */
#include <windows.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    static const char half[] = "\xE8\x03\0\0ten bytes.";
    DWORD written;
    HANDLE pipe;

    (void)argc;
    do { /* again, when another client was faster */
        WaitNamedPipeA(argv[1], NMPWAIT_WAIT_FOREVER);
        pipe = CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    } while (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY);
    if (pipe == INVALID_HANDLE_VALUE || !WriteFile(pipe, half, sizeof half - 1, &written, NULL)) {
        fprintf(stderr, "%lu\n", GetLastError());
        return 1;
    }
    puts("in the middle");
    fflush(stdout);
    WaitForSingleObject(GetCurrentProcess(), INFINITE);
    return 0;
}
