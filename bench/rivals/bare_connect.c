/*
 * How long connecting takes at least: a loop of CreateNamedPipe, association with a port,
 * ConnectNamedPipe and CreateFile, both ends in this process. With `knows`, each end also does what
 * a connection has to that knows its peer and sees it leave: both have a port, which is asked for
 * the client that came; each asks for the other's process and begins to read. `bare_connect NAME
 * [CLIENTS [knows]]` prints a line of JSON.
 */
#include "rival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BARE_CONNECT__CLIENTS 10000

typedef struct both_ends {
    OVERLAPPED listen, server_read, client_read;
    char server_byte, client_byte;
} both_ends;

static void bare_connect__associate(HANDLE pipe, HANDLE port)
{
    if (!CreateIoCompletionPort(pipe, port, 0, 0))
        rival_die("CreateIoCompletionPort", GetLastError());
}

static void bare_connect__read(HANDLE pipe, char *byte, OVERLAPPED *overlapped)
{
    if (ReadFile(pipe, byte, 1, NULL, overlapped) || GetLastError() != ERROR_IO_PENDING)
        rival_die("ReadFile", GetLastError());
}

static void bare_connect__know(HANDLE server, HANDLE client, HANDLE port, both_ends *both)
{
    OVERLAPPED_ENTRY came;
    ULONG count, process;

    bare_connect__associate(client, port);
    if (!GetNamedPipeServerProcessId(client, &process))
        rival_die("GetNamedPipeServerProcessId", GetLastError());
    bare_connect__read(client, &both->client_byte, &both->client_read);
    if (!GetQueuedCompletionStatusEx(port, &came, 1, &count, INFINITE, FALSE))
        rival_die("GetQueuedCompletionStatusEx", GetLastError());
    if (!GetNamedPipeClientProcessId(server, &process))
        rival_die("GetNamedPipeClientProcessId", GetLastError());
    bare_connect__read(server, &both->server_byte, &both->server_read);
}

static void bare_connect__one(const rival *r, HANDLE port, both_ends *both, bool knows)
{
    HANDLE server = rival_instance(r, FILE_FLAG_OVERLAPPED), client;

    bare_connect__associate(server, port);
    if (ConnectNamedPipe(server, &both->listen) || GetLastError() != ERROR_IO_PENDING)
        rival_die("ConnectNamedPipe", GetLastError());
    client = rival_open(r, FILE_FLAG_OVERLAPPED);
    if (knows)
        bare_connect__know(server, client, port, both);
}

int main(int argc, char **argv)
{
    unsigned clients = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : BARE_CONNECT__CLIENTS;
    bool knows = argc > 3 && strcmp(argv[3], "knows") == 0;
    both_ends *each = calloc(clients, sizeof *each);
    HANDLE port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    LARGE_INTEGER frequency, began, ended;
    rival r;

    rival_start(&r, argc > 2 ? 2 : argc, argv);
    if (!each || !port)
        rival_die("no memory", ERROR_NOT_ENOUGH_MEMORY);
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&began);
    for (unsigned i = 0; i < clients; i++)
        bare_connect__one(&r, port, &each[i], knows);
    QueryPerformanceCounter(&ended);
    printf("{\"clients\": %u, \"connect_s\": %.6f}\n", clients,
           (double)(ended.QuadPart - began.QuadPart) / (double)frequency.QuadPart);
    fflush(stdout);
    ExitProcess(0); /* which closes 20,000 handles */
}
