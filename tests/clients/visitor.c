/*
 * Clients whose seed says what they do, each in a thread of its own. `visitor PIPE MODE SEED`,
 * where MODE is stream, message or framed: each opens the pipe, sends 0 to 7 messages of up to
 * 20,000 bytes, each after the echo of the one before, compares every byte, closes, and opens the
 * pipe again, until the server has gone. Prints "answers N bytes N wrong N torn N": the whole
 * echoes, their bytes without frame headers, those with another byte, and the ends inside an echo.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define LONGEST 20000

static const char *name, *mode;
static volatile LONG answers, bytes, wrong, torn;

/* What a thread sends, and what it gets. */
typedef struct visitor {
    unsigned seed;
    char sent[LONGEST], got[LONGEST];
} visitor;

static unsigned draw(visitor *v, unsigned below)
{
    v->seed ^= v->seed << 13;
    v->seed ^= v->seed >> 17;
    v->seed ^= v->seed << 5;
    return v->seed % below;
}

static HANDLE open_pipe(void)
{
    DWORD messages = PIPE_READMODE_MESSAGE;
    HANDLE pipe;

    for (;;) {
        pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
        if (pipe != INVALID_HANDLE_VALUE || GetLastError() != ERROR_PIPE_BUSY)
            break;
        WaitNamedPipeA(name, 1000);
    }
    if (strcmp(mode, "message") == 0)
        SetNamedPipeHandleState(pipe, &messages, NULL, NULL);
    return pipe;
}

/* A message is echoed; false: the server has gone. */
static bool exchange(visitor *v, HANDLE pipe)
{
    DWORD header = strcmp(mode, "framed") == 0 ? 4 : 0, count, done = 0;
    DWORD size = header + 1 + draw(v, LONGEST - header);

    for (DWORD i = 0; i < size; i++)
        v->sent[i] = (char)draw(v, 256);
    if (header)
        memcpy(v->sent, &(DWORD){size - header}, header);
    if (!WriteFile(pipe, v->sent, size, &count, NULL))
        return false;
    while (done < size && ReadFile(pipe, v->got + done, size - done, &count, NULL))
        done += count;
    if (memcmp(v->sent, v->got, done) != 0)
        InterlockedIncrement(&wrong);
    if (done < size) {
        InterlockedExchangeAdd(&torn, done > 0);
        return false;
    }
    InterlockedIncrement(&answers);
    InterlockedExchangeAdd(&bytes, (LONG)(size - header));
    return true;
}

static DWORD WINAPI visit(void *argument)
{
    visitor *v = argument;
    bool serves = true;

    while (serves) {
        HANDLE pipe = open_pipe();

        serves = pipe != INVALID_HANDLE_VALUE;
        for (unsigned left = draw(v, 8); serves && left > 0; left--)
            serves = exchange(v, pipe);
        CloseHandle(pipe);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static visitor visitors[THREADS];
    HANDLE threads[THREADS];

    if (argc < 4)
        return 2;
    name = argv[1];
    mode = argv[2];
    for (unsigned i = 0; i < THREADS; i++) {
        visitors[i].seed = (unsigned)strtoul(argv[3], NULL, 10) * THREADS + i + 1;
        threads[i] = CreateThread(NULL, 0, visit, &visitors[i], 0, NULL);
    }
    WaitForMultipleObjects(THREADS, threads, TRUE, INFINITE);
    printf("answers %ld bytes %ld wrong %ld torn %ld\n", answers, bytes, wrong, torn);
    return 0;
}
