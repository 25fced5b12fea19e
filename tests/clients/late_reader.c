/*
 * A client that reads its replies only when it is told to, perhaps after the server has gone.
 * `late_reader PIPE BYTES`: writes so many bytes, waits until as many have come back into the
 * kernel, says "waiting", waits for a line on standard input, and then reads to the end. Status 0
 * when it got every byte, and then the end.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    DWORD size = argc > 2 ? (DWORD)atoi(argv[2]) : 0, have = 0, count, available;
    char *sent = malloc(size + 1), *got = malloc(size + 1), line[16];
    HANDLE pipe;

    do { /* again, when another client was faster */
        WaitNamedPipeA(argv[1], NMPWAIT_WAIT_FOREVER);
        pipe = CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    } while (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY);
    for (DWORD i = 0; i < size; i++)
        sent[i] = (char)(i * 31 >> 3);
    if (pipe == INVALID_HANDLE_VALUE || !WriteFile(pipe, sent, size, &count, NULL)) {
        fprintf(stderr, "%lu\n", GetLastError());
        return 1;
    }
    do {
        if (!PeekNamedPipe(pipe, NULL, 0, NULL, &available, NULL)) {
            fprintf(stderr, "waiting for replies: %lu\n", GetLastError());
            return 1;
        }
        SwitchToThread();
    } while (available < size);
    puts("waiting");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        return 1;
    while (ReadFile(pipe, got + have, size + 1 - have, &count, NULL))
        have += count;
    if (GetLastError() != ERROR_BROKEN_PIPE || have != size || memcmp(sent, got, size) != 0) {
        fprintf(stderr, "%lu of %lu bytes, then error %lu\n", have, size, GetLastError());
        return 1;
    }
    return 0;
}
