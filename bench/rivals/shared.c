/*
 * Shared memory with events: for each client a section with two byte rings, and for each ring two
 * events, for bytes and for room. Each client has a thread on either side. An event is set when the
 * ring was empty, or full, before.
 */
#include "rival.h"

#include <stdio.h>
#include <string.h>

#define SHARED_CLIENTS 64
#define SHARED_RING 65536u

typedef struct shared_ring {
    volatile LONG tail;
    char apart[124];
    volatile LONG head;
    char apart_too[124];
    char bytes[SHARED_RING];
} shared_ring;

typedef struct shared_end {
    shared_ring *ring;
    HANDLE bytes, room;
} shared_end;

typedef struct shared_client {
    const rival *r;
    shared_end in, out;
} shared_client;

static HANDLE shared__event(const rival *r, unsigned index, const char *what)
{
    char name[320];
    HANDLE event;

    snprintf(name, sizeof name, "Local\\%s-%u-%s", r->path + strlen("\\\\.\\pipe\\"), index, what);
    event = CreateEventA(NULL, FALSE, FALSE, name);
    if (!event)
        rival_die("CreateEvent", GetLastError());
    return event;
}

/* Whoever is first makes it. */
static void shared__open(shared_client *c, const rival *r, unsigned index)
{
    char name[320];
    HANDLE mapping;
    shared_ring *rings;

    snprintf(name, sizeof name, "Local\\%s-%u", r->path + strlen("\\\\.\\pipe\\"), index);
    mapping =
        CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 2 * sizeof *rings, name);
    rings = mapping ? MapViewOfFile(mapping, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (!rings)
        rival_die("MapViewOfFile", GetLastError());
    c->r = r;
    c->in = (shared_end){rings + r->drives, NULL, NULL};
    c->out = (shared_end){rings + !r->drives, NULL, NULL};
    c->in.bytes = shared__event(r, index, r->drives ? "answers" : "requests");
    c->in.room = shared__event(r, index, r->drives ? "answers-room" : "requests-room");
    c->out.bytes = shared__event(r, index, r->drives ? "requests" : "answers");
    c->out.room = shared__event(r, index, r->drives ? "requests-room" : "answers-room");
}

static size_t shared__least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void shared__write(const shared_end *e, const char *data, size_t length)
{
    shared_ring *ring = e->ring;

    while (length > 0) {
        ULONG tail = (ULONG)ring->tail, held = tail - (ULONG)ring->head;
        ULONG at = tail % SHARED_RING;
        size_t count = shared__least(length, shared__least(SHARED_RING - held, SHARED_RING - at));

        if (count == 0) {
            WaitForSingleObject(e->room, INFINITE);
            continue;
        }
        memcpy(ring->bytes + at, data, count);
        InterlockedExchange(&ring->tail, (LONG)(tail + (ULONG)count));
        if ((ULONG)ring->head == tail)
            SetEvent(e->bytes);
        data += count;
        length -= count;
    }
}

static size_t shared__read(const shared_end *e, char *to, size_t room)
{
    shared_ring *ring = e->ring;

    for (;;) {
        ULONG head = (ULONG)ring->head, held = (ULONG)ring->tail - head;
        ULONG at = head % SHARED_RING;
        size_t count = shared__least(room, shared__least(held, SHARED_RING - at));

        if (count == 0) {
            WaitForSingleObject(e->bytes, INFINITE);
            continue;
        }
        memcpy(to, ring->bytes + at, count);
        InterlockedExchange(&ring->head, (LONG)(head + (ULONG)count));
        if ((ULONG)ring->tail - head == SHARED_RING)
            SetEvent(e->room);
        return count;
    }
}

static DWORD WINAPI shared__talk(void *context)
{
    shared_client *c = context;
    rival_buffer *b = rival_buffer_open(c->r);
    char *data;
    size_t length;

    if (!b)
        rival_die("no memory", 0);
    for (;;) {
        unsigned messages = 0;

        for (; (length = rival_buffer_next(b, c->r, &data)) > 0; messages++)
            shared__write(&c->out, data, length);
        if (c->r->drives)
            rival_count(messages);
        length = rival_buffer_space(b, &data);
        rival_buffer_add(b, shared__read(&c->in, data, length));
    }
}

int main(int argc, char **argv)
{
    static rival r;
    static shared_client clients[SHARED_CLIENTS];
    unsigned count;

    rival_start(&r, argc, argv);
    count = r.drives ? r.clients : SHARED_CLIENTS;
    if (count > SHARED_CLIENTS)
        rival_die("at most 64 clients", 0);
    for (unsigned i = 0; i < count; i++) {
        shared__open(&clients[i], &r, i);
        if (!CreateThread(NULL, 0, shared__talk, &clients[i], 0, NULL))
            rival_die("CreateThread", GetLastError());
    }
    if (r.drives)
        rival_measure(&r);
    else
        rival_ready(&r);
    WaitForSingleObject(CreateEventA(NULL, TRUE, FALSE, NULL), INFINITE); /* until Ctrl-C */
    return 0;
}
