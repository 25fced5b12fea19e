#include "pipe/ring.h"

#include <assert.h>
#include <string.h>

bool ring_size_is_right(uint32_t size)
{
    return size >= RING_LEAST && size <= RING_MOST && (size & (size - 1)) == 0;
}

uint8_t ring_bits(uint32_t size)
{
    uint8_t bits = 0;

    while (1u << bits < size)
        bits++;
    return bits;
}

void ring_init(ring *r, ring_shared *shared, char *bytes, uint32_t size)
{
    assert(size > 0 && (size & (size - 1)) == 0);
    *r = (ring){.shared = shared, .bytes = bytes, .size = size};
}

/* ---- What the other process wrote ----------------------------------------------------------- */

/* Reads the other end's index, once. Between the two indices are `between` bytes, no more than the
 * ring has; else nothing counts that is in it. */
static void ring__fetch(ring *r, const ring_word *index, bool is_tail)
{
    uint32_t seen = (uint32_t)ReadAcquire(&index->value);
    uint32_t between = is_tail ? seen - r->ours : r->ours - seen;

    if (between > r->size)
        r->wrong = true;
    else
        r->theirs = seen;
}

/* The producer fetches the other end's index only when there is too little room by its last one:
 * each fetch costs the other end its cache line. */
static uint32_t ring__room(ring *r, size_t wanted)
{
    if (r->size - (r->ours - r->theirs) < wanted)
        ring__fetch(r, &r->shared->head, false);
    return r->wrong ? 0 : r->size - (r->ours - r->theirs);
}

/* The same for the consumer. */
static uint32_t ring__held(ring *r, size_t wanted)
{
    if (r->theirs - r->ours < wanted)
        ring__fetch(r, &r->shared->tail, true);
    return r->wrong ? 0 : r->theirs - r->ours;
}

/* ---- Moving bytes --------------------------------------------------------------------------- */

/* How many of `count` bytes from our index on come before the ring's end. */
static uint32_t ring__straight(const ring *r, uint32_t count)
{
    uint32_t left = r->size - (r->ours & (r->size - 1));

    return count < left ? count : left;
}

size_t ring_put(ring *r, const char *data, size_t length)
{
    uint32_t room = ring__room(r, length), count = length < room ? (uint32_t)length : room;
    uint32_t straight = ring__straight(r, count);

    if (count == 0)
        return 0;
    memcpy(r->bytes + (r->ours & (r->size - 1)), data, straight);
    memcpy(r->bytes, data + straight, count - straight);
    r->ours += count;
    WriteRelease(&r->shared->tail.value, (LONG)r->ours);
    return count;
}

size_t ring_take(ring *r, char *to, size_t room)
{
    uint32_t held = ring__held(r, 1), count = room < held ? (uint32_t)room : held;
    uint32_t straight = ring__straight(r, count);

    if (count == 0)
        return 0;
    memcpy(to, r->bytes + (r->ours & (r->size - 1)), straight);
    memcpy(to + straight, r->bytes, count - straight);
    r->ours += count;
    WriteRelease(&r->shared->head.value, (LONG)r->ours);
    return count;
}

bool ring_has_room(ring *r)
{
    return ring__room(r, 1) > 0 || r->wrong;
}

bool ring_has_bytes(ring *r)
{
    return ring__held(r, 1) > 0 || r->wrong;
}

/* ---- Bells ---------------------------------------------------------------------------------- */

/* A plain look first: an exchange takes the line from the other end. */
static bool ring__take_back(ring_word *flag)
{
    return flag->value != 0 && InterlockedExchange(&flag->value, 0) == 1;
}

bool ring_rouses_consumer(ring *r)
{
    MemoryBarrier(); /* between the tail, written before, and the flag */
    return ring__take_back(&r->shared->sleeps);
}

bool ring_rouses_producer(ring *r)
{
    MemoryBarrier(); /* between the head, written before, and the flag */
    return ring__take_back(&r->shared->starves);
}

void ring_ask_for_bytes(ring *r)
{
    r->shared->sleeps.value = 1;
    MemoryBarrier(); /* between the flag and the tail, which the caller reads next */
}

void ring_ask_for_room(ring *r)
{
    r->shared->starves.value = 1;
    MemoryBarrier(); /* between the flag and the head, which the caller reads next */
}

bool ring_forgo_bytes(ring *r)
{
    return InterlockedExchange(&r->shared->sleeps.value, 0) != 0;
}

bool ring_forgo_room(ring *r)
{
    return InterlockedExchange(&r->shared->starves.value, 0) != 0;
}
