/*
 * Clients that are a nuisance, at a rate. `flooder PIPE KIND RATE`: so many times a second, at
 * most, it
 *
 * - leave: opens the pipe, and closes it;
 * - drip: writes one byte to the next of 50 pipes, which stay open;
 * - random: opens the pipe, writes 64 KiB of random bytes, reads nothing, and closes it.
 *
 * Says "ready" after the first time, and at a line on standard input how often it was, and ends.
 * What it could not do in time it leaves out, so that a slow machine has no more of it than a fast
 * one.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIPS 50

static const char *name;
static char bytes[65536];

static HANDLE open_pipe(void)
{
    HANDLE pipe;

    for (;;) {
        pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            return pipe;
        WaitNamedPipeA(name, 1000);
    }
}

static void leave(unsigned number)
{
    (void)number;
    CloseHandle(open_pipe());
}

static void drip(unsigned number)
{
    static HANDLE pipes[DRIPS];
    HANDLE *pipe = &pipes[number % DRIPS];
    DWORD count;

    if (!*pipe)
        *pipe = open_pipe();
    WriteFile(*pipe, "x", 1, &count, NULL);
}

static void send_random(unsigned number)
{
    HANDLE pipe = open_pipe();
    DWORD count;

    srand(number + 1);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(rand() >> 4);
    WriteFile(pipe, bytes, sizeof bytes, &count,
              NULL); /* the server may well end it in the middle */
    CloseHandle(pipe);
}

static const struct {
    const char *name;
    void (*act)(unsigned number);
} kinds[] = {{"leave", leave}, {"drip", drip}, {"random", send_random}};

static DWORD WINAPI await_line(void *unused)
{
    (void)unused;
    (void)getchar();
    return 0;
}

static unsigned flood(void (*act)(unsigned number), unsigned rate)
{
    unsigned each = rate < 100 ? 1 : rate / 100, number = 0;
    ULONGLONG step = 1000ULL * each / rate, due = GetTickCount64(), now;
    HANDLE line = CreateThread(NULL, 0, await_line, NULL, 0, NULL);

    do {
        for (unsigned i = 0; i < each; i++)
            act(number++);
        if (number == each) {
            puts("ready");
            fflush(stdout);
        }
        now = GetTickCount64();
        due = due + step > now ? due + step : now;
    } while (WaitForSingleObject(line, (DWORD)(due - now)) == WAIT_TIMEOUT);
    CloseHandle(line);
    return number;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 3 && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(argv[2], kinds[i].name) == 0) {
            name = argv[1];
            printf("times %u\n", flood(kinds[i].act, (unsigned)atoi(argv[3])));
            return 0;
        }
    return 2;
}
