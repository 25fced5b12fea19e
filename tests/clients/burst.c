/*
 * Many threads that open a pipe at once, each as the textbook says, and keep it open until all have
 * tried. `burst PIPE THREADS wait` waits with WaitNamedPipe for ever, then opens once; `burst PIPE
 * THREADS default` waits the pipe's own time, and waits again when another was faster; `burst PIPE
 * THREADS call` is CallNamedPipe, which waits as long, reads one message and closes: again, too,
 * when another was faster, since Wine does not try twice as Windows does. Prints "opened N busy N
 * timed-out N failed N".
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *name;
static DWORD patience;
static bool calls;
static HANDLE go;
static volatile LONG opened, busy, timed_out, failed;

static HANDLE open_once(void)
{
    HANDLE pipe;

    if (!WaitNamedPipeA(name, patience))
        return INVALID_HANDLE_VALUE;
    pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY &&
        patience == NMPWAIT_USE_DEFAULT_WAIT)
        return open_once();
    return pipe;
}

static bool call(void)
{
    char request[] = "any", reply[16];
    DWORD read;

    while (!CallNamedPipeA(name, request, 3, reply, sizeof reply, &read, patience))
        if (GetLastError() != ERROR_PIPE_BUSY)
            return false;
    return true;
}

static bool try_once(void)
{
    return calls ? call() : open_once() != INVALID_HANDLE_VALUE;
}

static DWORD WINAPI client(void *argument)
{
    (void)argument;
    WaitForSingleObject(go, INFINITE);
    if (try_once())
        InterlockedIncrement(&opened);
    else if (GetLastError() == ERROR_PIPE_BUSY)
        InterlockedIncrement(&busy);
    else if (GetLastError() == ERROR_SEM_TIMEOUT)
        InterlockedIncrement(&timed_out);
    else
        InterlockedIncrement(&failed);
    return 0; /* without closing, as many a program exits */
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 1;
    HANDLE *clients = malloc((size_t)threads * sizeof *clients);

    name = argv[1];
    calls = argc > 3 && strcmp(argv[3], "call") == 0;
    patience = calls || (argc > 3 && strcmp(argv[3], "default") == 0) ? NMPWAIT_USE_DEFAULT_WAIT
                                                                      : NMPWAIT_WAIT_FOREVER;
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    for (int i = 0; i < threads; i++)
        clients[i] =
            CreateThread(NULL, 128 * 1024, client, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    puts("ready");
    fflush(stdout);
    (void)getchar(); /* until the others are ready, too */
    SetEvent(go);
    for (int i = 0; i < threads; i++)
        WaitForSingleObject(clients[i], INFINITE);
    printf("opened %ld busy %ld timed-out %ld failed %ld\n", opened, busy, timed_out, failed);
    return 0;
}
