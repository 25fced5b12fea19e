/*
 * How long connecting takes at least: a loop of CreateNamedPipe, association with a port,
 * ConnectNamedPipe and CreateFile, both ends in this process. `bare_connect NAME [CLIENTS]` prints
 * a line of JSON.
 */
#include "rival.h"

#include <stdio.h>
#include <stdlib.h>

#define BARE_CONNECT__CLIENTS 10000

static void bare_connect__one(const rival *r, HANDLE port, OVERLAPPED *overlapped)
{
    HANDLE pipe = rival_instance(r, FILE_FLAG_OVERLAPPED);

    if (!CreateIoCompletionPort(pipe, port, 0, 0))
        rival_die("CreateIoCompletionPort", GetLastError());
    if (ConnectNamedPipe(pipe, overlapped) || GetLastError() != ERROR_IO_PENDING)
        rival_die("ConnectNamedPipe", GetLastError());
    rival_open(r, FILE_FLAG_OVERLAPPED);
}

int main(int argc, char **argv)
{
    unsigned clients = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : BARE_CONNECT__CLIENTS;
    OVERLAPPED *each = calloc(clients, sizeof *each);
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    LARGE_INTEGER frequency, began, ended;
    rival r;

    rival_start(&r, argc > 2 ? 2 : argc, argv);
    if (!each || !port)
        rival_die("no memory", ERROR_NOT_ENOUGH_MEMORY);
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&began);
    for (unsigned i = 0; i < clients; i++)
        bare_connect__one(&r, port, &each[i]);
    QueryPerformanceCounter(&ended);
    printf("{\"clients\": %u, \"connect_s\": %.6f}\n", clients,
           (double)(ended.QuadPart - began.QuadPart) / (double)frequency.QuadPart);
    fflush(stdout);
    ExitProcess(0); /* which closes 20,000 handles */
}
