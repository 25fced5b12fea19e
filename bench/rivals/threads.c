/*
 * Rival 2: one thread a client and synchronous calls, as in Microsoft's "Multithreaded Pipe
 * Server".
 */
#include "rival.h"

#include <stdlib.h>

#define THREADS__STACK 65536 /* reserved, so that there can be thousands */

static rival threads__rival;

/* Sends what the buffer holds, a call each. False: the other end left. */
static bool threads__send_all(HANDLE pipe, rival_buffer *b)
{
    char *data;
    size_t length;
    DWORD written;
    unsigned messages = 0;

    while ((length = rival_buffer_next(b, &threads__rival, &data)) > 0) {
        if (!WriteFile(pipe, data, (DWORD)length, &written, NULL))
            return false;
        messages++;
    }
    if (threads__rival.drives)
        rival_count(messages);
    return true;
}

static DWORD WINAPI threads__talk(void *pipe)
{
    rival_buffer *b = rival_buffer_open(&threads__rival);

    if (!b)
        rival_die("malloc", ERROR_NOT_ENOUGH_MEMORY);
    while (threads__send_all(pipe, b)) {
        char *data;
        size_t size = rival_buffer_space(b, &data);
        DWORD length;

        if (!ReadFile(pipe, data, (DWORD)size, &length, NULL) || length == 0)
            break;
        rival_buffer_add(b, length);
    }
    if (threads__rival.drives)
        rival_die("the server left", GetLastError());
    DisconnectNamedPipe(pipe);
    CloseHandle(pipe);
    free(b);
    return 0;
}

static void threads__start(HANDLE pipe)
{
    HANDLE thread = CreateThread(NULL, THREADS__STACK, threads__talk, pipe,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);

    if (!thread)
        rival_die("CreateThread", GetLastError());
    CloseHandle(thread);
}

static void threads__serve(void)
{
    HANDLE pipe = rival_instance(&threads__rival, FILE_FLAG_FIRST_PIPE_INSTANCE);

    rival_ready(&threads__rival);
    for (;;) {
        if (ConnectNamedPipe(pipe, NULL) || GetLastError() == ERROR_PIPE_CONNECTED)
            threads__start(pipe);
        else
            CloseHandle(pipe);
        pipe = rival_instance(&threads__rival, 0);
    }
}

static void threads__drive(void)
{
    for (unsigned i = 0; i < threads__rival.clients; i++)
        threads__start(rival_open(&threads__rival, 0));
    rival_measure(&threads__rival);
    ExitThread(0); /* the measuring ends the process */
}

int main(int argc, char **argv)
{
    rival_start(&threads__rival, argc, argv);
    if (threads__rival.drives)
        threads__drive();
    else
        threads__serve();
    return 0;
}
