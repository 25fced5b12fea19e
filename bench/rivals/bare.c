/*
 * Rival 5: an echo loop on a completion port and nothing else: no limits, no time-outs, no
 * stopping, one thread, one operation a connection. It shows what the machine allows.
 *
 *     bare NAME byte      calls that succeed at once are completed in line, without a packet
 *     bare NAME message   message pipes, where each success has its packet
 */
#include "rival.h"

#include <stdio.h>
#include <string.h>

#define BARE__WAITING 128 /* instances that wait for clients */
#define BARE__BATCH 64    /* packets of one dequeue */

typedef enum bare__step { BARE__CONNECT, BARE__READ, BARE__WRITE } bare__step;

typedef struct bare__conn {
    OVERLAPPED overlapped; /* first: a packet brings its address */
    HANDLE pipe;
    bare__step step;
    char data[RIVAL_BUFFER];
} bare__conn;

typedef struct bare {
    rival base;
    HANDLE port;
    int waiting;
    ULONG clients;
    bool message;
} bare;

static void bare__close(bare *b, bare__conn *c)
{
    b->clients -= c->step != BARE__CONNECT;
    CloseHandle(c->pipe);
    VirtualFree(c, 0, MEM_RELEASE);
}

/* Starts the next operation. True: it succeeded at once, and there will be no packet. */
static bool bare__start(const bare *b, bare__conn *c, DWORD *length, bool *ok)
{
    DWORD error;

    if (c->step == BARE__READ)
        *ok = ReadFile(c->pipe, c->data, RIVAL_BUFFER, length, &c->overlapped);
    else
        *ok = WriteFile(c->pipe, c->data, *length, length, &c->overlapped);
    if (*ok)
        return !b->message;
    error = GetLastError();
    return error != ERROR_IO_PENDING && error != ERROR_MORE_DATA;
}

/* An operation has ended: goes on until one is pending. */
static void bare__go(bare *b, bare__conn *c, DWORD length, bool ok)
{
    do {
        if (!ok) {
            bare__close(b, c);
            return;
        }
        b->clients += c->step == BARE__CONNECT;
        c->step = c->step == BARE__READ ? BARE__WRITE : BARE__READ;
    } while (bare__start(b, c, &length, &ok));
}

static bare__conn *bare__open(const bare *b)
{
    DWORD type = b->message ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                            : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE;
    bare__conn *c = VirtualAlloc(NULL, sizeof *c, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    if (!c)
        rival_die("VirtualAlloc", GetLastError());
    c->pipe = CreateNamedPipeA(b->base.path, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED, type,
                               PIPE_UNLIMITED_INSTANCES, RIVAL_BUFFER, RIVAL_BUFFER, 0, NULL);
    if (c->pipe == INVALID_HANDLE_VALUE || !CreateIoCompletionPort(c->pipe, b->port, 0, 0))
        rival_die("CreateNamedPipe", GetLastError());
    if (!b->message)
        SetFileCompletionNotificationModes(c->pipe, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS |
                                                        FILE_SKIP_SET_EVENT_ON_HANDLE);
    return c;
}

static void bare__accept(bare *b)
{
    while (b->waiting < BARE__WAITING) {
        bare__conn *c = bare__open(b);

        if (ConnectNamedPipe(c->pipe, &c->overlapped))
            rival_die("ConnectNamedPipe", 0); /* overlapped, it returns 0 */
        if (GetLastError() == ERROR_IO_PENDING)
            b->waiting++;
        else
            bare__go(b, c, 0, GetLastError() == ERROR_PIPE_CONNECTED);
    }
}

/* How many packets to ask for: to look for one that cannot be there costs Wine a request. */
static ULONG bare__batch(const bare *b)
{
    return b->clients < 1 ? 1 : b->clients < BARE__BATCH ? b->clients : BARE__BATCH;
}

static void bare__run(bare *b)
{
    OVERLAPPED_ENTRY entries[BARE__BATCH];
    ULONG count;

    for (;;) {
        if (!GetQueuedCompletionStatusEx(b->port, entries, bare__batch(b), &count, INFINITE, FALSE))
            rival_die("GetQueuedCompletionStatusEx", GetLastError());
        for (ULONG i = 0; i < count; i++) {
            bare__conn *c = (bare__conn *)(void *)entries[i].lpOverlapped;

            if (c->step == BARE__CONNECT) { /* another first: the next client may be dialling */
                b->waiting--;
                bare__accept(b);
            }
            bare__go(b, c, entries[i].dwNumberOfBytesTransferred, c->overlapped.Internal == 0);
        }
    }
}

int main(int argc, char **argv)
{
    static bare b;

    if (argc != 3 || (strcmp(argv[2], "byte") != 0 && strcmp(argv[2], "message") != 0)) {
        fprintf(stderr, "allowed: NAME byte | NAME message\n");
        return 2;
    }
    rival_start(&b.base, 2, argv);
    b.message = strcmp(argv[2], "message") == 0;
    b.port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
    if (!b.port)
        rival_die("CreateIoCompletionPort", GetLastError());
    bare__accept(&b);
    rival_ready(&b.base);
    bare__run(&b);
    return 0;
}
