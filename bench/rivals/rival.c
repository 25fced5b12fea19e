#include "rival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile LONG64 rival__messages;

static BOOL WINAPI rival__on_control(DWORD event)
{
    (void)event;
    ExitProcess(0);
}

static bool rival__read_role(rival *r, int count, char **arguments)
{
    r->framed = count > 0;
    r->drives = count == 4 && strcmp(arguments[0], "drive") == 0;
    if (!r->drives)
        return count == 0 || (count == 1 && strcmp(arguments[0], "framed") == 0);
    r->clients = (unsigned)strtoul(arguments[1], NULL, 10);
    r->seconds = strtod(arguments[2], NULL);
    r->warmup = strtod(arguments[3], NULL);
    return r->clients > 0 && r->seconds > 0 && r->warmup >= 0;
}

void rival_start(rival *r, int count, char **arguments)
{
    memset(r, 0, sizeof *r);
    if (count < 2 || !rival__read_role(r, count - 2, arguments + 2)) {
        fprintf(stderr, "allowed: NAME [framed | drive CLIENTS SECONDS WARMUP]\n");
        exit(2);
    }
    snprintf(r->path, sizeof r->path, "\\\\.\\pipe\\%s", arguments[1]);
    SetConsoleCtrlHandler(rival__on_control, TRUE);
}

void rival_die(const char *what, DWORD error)
{
    fprintf(stderr, "%s: error %lu\n", what, (unsigned long)error);
    fflush(stderr);
    ExitProcess(1);
}

HANDLE rival_instance(const rival *r, DWORD flags)
{
    HANDLE pipe = CreateNamedPipeA(r->path, PIPE_ACCESS_DUPLEX | flags,
                                   PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
                                   PIPE_UNLIMITED_INSTANCES, RIVAL_BUFFER, RIVAL_BUFFER, 0, NULL);

    if (pipe == INVALID_HANDLE_VALUE)
        rival_die("CreateNamedPipe", GetLastError());
    return pipe;
}

HANDLE rival_open(const rival *r, DWORD flags)
{
    for (;;) {
        HANDLE pipe =
            CreateFileA(r->path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);

        if (pipe != INVALID_HANDLE_VALUE)
            return pipe;
        if (GetLastError() != ERROR_PIPE_BUSY)
            rival_die("CreateFile", GetLastError());
        WaitNamedPipeA(r->path, NMPWAIT_WAIT_FOREVER); /* fails if another was faster */
    }
}

void rival_ready(const rival *r)
{
    printf("ready pipe=%s mode=%s pid=%lu\n", r->path, r->framed ? "framed" : "stream",
           (unsigned long)GetCurrentProcessId());
    fflush(stdout);
}

/* ---- Measuring ------------------------------------------------------------------------------ */

void rival_count(unsigned messages)
{
    InterlockedExchangeAdd64(&rival__messages, messages);
}

static double rival__now(void)
{
    LARGE_INTEGER ticks, frequency;

    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    return (double)ticks.QuadPart / (double)frequency.QuadPart;
}

/* A thread beside the clients, so that all rivals measure alike and none has to look at a clock. */
static DWORD WINAPI rival__measure(void *context)
{
    const rival *r = context;
    HANDLE never = CreateEventA(NULL, TRUE, FALSE, NULL);
    LONG64 before, messages;
    double began, seconds;

    WaitForSingleObject(never, (DWORD)(r->warmup * 1000));
    before = InterlockedExchangeAdd64(&rival__messages, 0);
    began = rival__now();
    WaitForSingleObject(never, (DWORD)(r->seconds * 1000));
    messages = InterlockedExchangeAdd64(&rival__messages, 0) - before;
    seconds = rival__now() - began;
    printf("{\"clients\": %u, \"size\": %d, \"depth\": %d, \"duration_s\": %.6f, "
           "\"messages\": %.0f, \"messages_per_s\": %.1f}\n",
           r->clients, RIVAL_SIZE, RIVAL_DEPTH, seconds, (double)messages,
           (double)messages / seconds);
    fflush(stdout);
    ExitProcess(0);
}

void rival_measure(const rival *r)
{
    HANDLE thread = CreateThread(NULL, 0, rival__measure, (void *)(ULONG_PTR)r, 0, NULL);

    if (!thread)
        rival_die("CreateThread", GetLastError());
    CloseHandle(thread);
}

/* ---- The buffer of a connection ------------------------------------------------------------- */

static void rival__buffer_fill(rival_buffer *b)
{
    for (int i = 0; i < RIVAL_DEPTH; i++) {
        unsigned char *message = (unsigned char *)b->data + b->filled;

        memset(message, 'm', RIVAL_SIZE + 4);
        message[0] = RIVAL_SIZE;
        message[1] = message[2] = message[3] = 0;
        b->filled += RIVAL_SIZE + 4;
    }
}

rival_buffer *rival_buffer_open(const rival *r)
{
    rival_buffer *b = malloc(sizeof *b);

    if (!b)
        return NULL;
    b->filled = b->sent = 0;
    if (r->drives)
        rival__buffer_fill(b);
    return b;
}

size_t rival_message(const char *data, size_t length)
{
    const unsigned char *head = (const unsigned char *)data;
    size_t whole;

    if (length < 4)
        return 0;
    whole = 4 + (head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24);
    if (whole > RIVAL_BUFFER)
        rival_die("a message is longer than the buffer", 0);
    return whole <= length ? whole : 0;
}

size_t rival_buffer_next(rival_buffer *b, const rival *r, char **data)
{
    size_t rest = b->filled - b->sent;
    size_t length = r->framed ? rival_message(b->data + b->sent, rest) : rest;

    *data = b->data + b->sent;
    b->sent += length;
    return length;
}

size_t rival_buffer_space(rival_buffer *b, char **data)
{
    b->filled -= b->sent;
    if (b->filled > 0)
        memmove(b->data, b->data + b->sent, b->filled);
    b->sent = 0;
    *data = b->data + b->filled;
    return sizeof b->data - b->filled;
}

void rival_buffer_add(rival_buffer *b, size_t length)
{
    b->filled += length;
}
