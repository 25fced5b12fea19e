/*
 * A client as any textbook has it, with the Windows calls alone: waits for the pipe, opens it
 * (once), writes once, reads once, and exits without closing. `textbook PIPE [ROUNDS]`; status 0
 * when every reply was the request.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char request[17] = "sixteen and zero";

static int one_round(const char *name)
{
    char reply[256];
    DWORD written, read;
    HANDLE pipe;

    if (!WaitNamedPipeA(name, NMPWAIT_WAIT_FOREVER)) {
        fprintf(stderr, "WaitNamedPipe: %lu\n", GetLastError());
        return 1;
    }
    pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "CreateFile: %lu\n", GetLastError());
        return 1;
    }
    if (!WriteFile(pipe, request, sizeof request, &written, NULL) || written != sizeof request ||
        !ReadFile(pipe, reply, sizeof reply, &read, NULL)) {
        fprintf(stderr, "WriteFile or ReadFile: %lu\n", GetLastError());
        return 1;
    }
    if (read != sizeof request || memcmp(reply, request, read) != 0) {
        fprintf(stderr, "the reply is another: %lu bytes\n", read);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? atoi(argv[2]) : 1;

    for (int i = 0; i < rounds; i++)
        if (one_round(argv[1]) != 0)
            return 1;
    return 0;
}
