/*
 * Every schedule of a ring: its two ends put, take, sleep and ring, each on a thread of its own.
 */
#include "all.h"

#include "pipe/ring.h"

#include <string.h>

#define BELT__BYTES 3 /* through a ring of two: the producer starves, too */

static struct {
    ring_shared shared;
    char bytes[2];
    ring in, out;
    HANDLE filled, emptied; /* the bells */
    bool owed[2];           /* a bell that was rung and not heard: of bytes, of room */
    unsigned ended;
} belt;

static void belt__ring(unsigned which)
{
    all_expect(!belt.owed[which], "a bell rings while one is unheard");
    belt.owed[which] = true;
    SetEvent(which == 0 ? belt.filled : belt.emptied);
}

static void belt__hear(unsigned which)
{
    WaitForSingleObject(which == 0 ? belt.filled : belt.emptied, INFINITE);
    belt.owed[which] = false;
}

static void belt__end(void)
{
    if (++belt.ended == 2)
        all_calm();
}

static DWORD belt__produce(void *argument)
{
    (void)argument;
    for (unsigned put = 0; put < BELT__BYTES;) {
        char next = (char)(put + 1);

        if (ring_put(&belt.out, &next, 1) == 1) {
            put++;
            if (ring_rouses_consumer(&belt.out))
                belt__ring(0);
            continue;
        }
        ring_ask_for_room(&belt.out);
        if (!ring_has_room(&belt.out) || !ring_forgo_room(&belt.out))
            belt__hear(1);
    }
    belt__end();
    return 0;
}

static DWORD belt__consume(void *argument)
{
    (void)argument;
    for (unsigned taken = 0; taken < BELT__BYTES;) {
        char next[2];
        size_t count = ring_take(&belt.in, next, 2);

        for (size_t i = 0; i < count; i++)
            all_expect(next[i] == (char)(taken + i + 1), "a byte is wrong");
        taken += (unsigned)count;
        if (count > 0) {
            if (ring_rouses_producer(&belt.in))
                belt__ring(1);
            continue;
        }
        ring_ask_for_bytes(&belt.in);
        if (!ring_has_bytes(&belt.in) || !ring_forgo_bytes(&belt.in))
            belt__hear(0);
    }
    belt__end();
    return 0;
}

/* If a bell is lost, both sleep. */
static void belt__world(void *context)
{
    static const all_event events[] = {{belt__produce, NULL, NULL}, {belt__consume, NULL, NULL}};

    (void)context;
    memset(&belt, 0, sizeof belt);
    ring_init(&belt.in, &belt.shared, belt.bytes, sizeof belt.bytes);
    ring_init(&belt.out, &belt.shared, belt.bytes, sizeof belt.bytes);
    belt.filled = CreateEventW(NULL, FALSE, FALSE, NULL);
    belt.emptied = CreateEventW(NULL, FALSE, FALSE, NULL);
    all_at_once(events, 2);
    all_expect(!belt.in.wrong && !belt.out.wrong, "an index counts as wrong");
    CloseHandle(belt.filled);
    CloseHandle(belt.emptied);
}

static const all_scenario lane__rows[] = {
    {"ring", "bytes keep their order, no bell is lost, and each is heard before the next",
     belt__world, 4, 6, 0, false},
};
const all_table all_lane = {lane__rows, sizeof lane__rows / sizeof *lane__rows};
