/*
 * Rival 1: overlapped calls, an event for each pipe, and one thread that waits for all of them, as
 * in Microsoft's "Named Pipe Server Using Overlapped I/O". After each step, also one that ended at
 * once, it goes back to WaitForMultipleObjects; that takes 64 handles, so there are 64 instances.
 */
#include "rival.h"

#define EVENTS__MOST MAXIMUM_WAIT_OBJECTS

typedef enum events__state { EVENTS__CONNECTING, EVENTS__READING, EVENTS__WRITING } events__state;

typedef struct events__pipe {
    OVERLAPPED overlapped;
    HANDLE handle;
    rival_buffer *buffer;
    events__state state;
    bool pending;
} events__pipe;

static rival events__rival;
static events__pipe events__pipes[EVENTS__MOST];
static HANDLE events__handles[EVENTS__MOST];

static void events__connect(events__pipe *p)
{
    p->buffer->filled = p->buffer->sent = 0;
    p->pending = false;
    p->state = EVENTS__READING;
    if (ConnectNamedPipe(p->handle, &p->overlapped))
        rival_die("ConnectNamedPipe", 0); /* overlapped, it returns 0 */
    if (GetLastError() == ERROR_IO_PENDING) {
        p->pending = true;
        p->state = EVENTS__CONNECTING;
    } else if (GetLastError() == ERROR_PIPE_CONNECTED) {
        SetEvent(p->overlapped.hEvent);
    } else {
        rival_die("ConnectNamedPipe", GetLastError());
    }
}

static void events__disconnect_and_reconnect(events__pipe *p)
{
    if (events__rival.drives)
        rival_die("the server left", GetLastError());
    DisconnectNamedPipe(p->handle);
    events__connect(p);
}

static void events__note_read(events__pipe *p, DWORD length)
{
    rival_buffer_add(p->buffer, length);
    p->pending = false;
    p->state = EVENTS__WRITING;
}

/* The operation that was pending has ended. False: the client left. */
static bool events__complete(events__pipe *p)
{
    DWORD length;

    if (!GetOverlappedResult(p->handle, &p->overlapped, &length, FALSE))
        return false;
    if (p->state == EVENTS__READING)
        events__note_read(p, length);
    else
        p->state = p->state == EVENTS__CONNECTING ? EVENTS__READING : EVENTS__WRITING;
    p->pending = false;
    return true;
}

/* Whether a call that returned `done` succeeded or will. */
static bool events__started(events__pipe *p, BOOL done)
{
    p->pending = !done && GetLastError() == ERROR_IO_PENDING;
    return done || p->pending;
}

static bool events__read(events__pipe *p)
{
    char *data;
    size_t size = rival_buffer_space(p->buffer, &data);
    DWORD length = 0;
    BOOL done = ReadFile(p->handle, data, (DWORD)size, &length, &p->overlapped);

    if (done)
        events__note_read(p, length);
    return events__started(p, done);
}

static bool events__write(events__pipe *p)
{
    char *data;
    size_t size = rival_buffer_next(p->buffer, &events__rival, &data);
    DWORD length;

    if (size == 0) { /* all is sent */
        p->state = EVENTS__READING;
        return events__read(p);
    }
    if (events__rival.drives)
        rival_count(1);
    return events__started(p, WriteFile(p->handle, data, (DWORD)size, &length, &p->overlapped));
}

static void events__step(events__pipe *p)
{
    bool ok = !p->pending || events__complete(p);

    if (ok)
        ok = p->state == EVENTS__READING ? events__read(p) : events__write(p);
    if (!ok)
        events__disconnect_and_reconnect(p);
}

static void events__open(events__pipe *p, HANDLE *event)
{
    const DWORD flags = FILE_FLAG_OVERLAPPED;

    *event = CreateEventA(NULL, TRUE, TRUE, NULL);
    p->overlapped.hEvent = *event;
    p->buffer = rival_buffer_open(&events__rival);
    if (!*event || !p->buffer)
        rival_die("no memory for a pipe", ERROR_NOT_ENOUGH_MEMORY);
    if (events__rival.drives) {
        p->handle = rival_open(&events__rival, flags);
        p->state = EVENTS__WRITING;
    } else {
        p->handle = rival_instance(&events__rival, flags);
        events__connect(p);
    }
}

int main(int argc, char **argv)
{
    DWORD count;

    rival_start(&events__rival, argc, argv);
    count = events__rival.drives ? events__rival.clients : EVENTS__MOST;
    if (count > EVENTS__MOST)
        rival_die("more clients than handles that a thread can wait for", 0);
    for (DWORD i = 0; i < count; i++)
        events__open(&events__pipes[i], &events__handles[i]);
    if (events__rival.drives)
        rival_measure(&events__rival);
    else
        rival_ready(&events__rival);
    for (;;) {
        DWORD which = WaitForMultipleObjects(count, events__handles, FALSE, INFINITE);

        if (which >= WAIT_OBJECT_0 + count)
            rival_die("WaitForMultipleObjects", GetLastError());
        events__step(&events__pipes[which - WAIT_OBJECT_0]);
    }
}
