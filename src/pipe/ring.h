/*
 * A ring: bytes from one process to another through memory that both see. One end is its producer,
 * the other its consumer. Each end belongs to one thread at a time. Whoever owns it may sleep, and
 * the other then owes it a bell.
 *
 * The rule. `tail` and `starves` are the producer's to write, `head` and `sleeps` the consumer's;
 * the other end may only take a flag back, by an exchange. Indices run freely in 32 bits, so their
 * difference is what the ring holds. Each is read once, and checked against the size before it is
 * used: the other process may write what it likes.
 *
 * Why no bell is lost. A producer writes the tail, and then, after a full fence, reads `sleeps`. A
 * consumer that finds nothing sets `sleeps`, and then, after a full fence, reads the tail.
 * Whichever fence comes second sees the other's write: either the producer rings, or the consumer
 * finds the bytes. Room and `starves` are the same the other way round. docs/lane.md has the proof.
 */
#ifndef PP_PIPE_RING_H
#define PP_PIPE_RING_H

#include "base/win.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two cache lines: processors fetch the neighbour of a line with it. */
#define RING_APART 128

typedef struct ring_word {
    volatile LONG value;
    char alone[RING_APART - sizeof(LONG)];
} ring_word;

/* What both processes see of a ring besides its bytes. All zero: an empty ring, nobody sleeps. */
typedef struct ring_shared {
    ring_word tail;    /* bytes put in so far */
    ring_word head;    /* bytes taken out so far */
    ring_word sleeps;  /* 1: the consumer waits for a bell when there are bytes */
    ring_word starves; /* 1: the producer waits for a bell when there is room */
} ring_shared;

/* One end, private to its process. */
typedef struct ring {
    ring_shared *shared;
    char *bytes;
    uint32_t size;   /* a power of two */
    uint32_t ours;   /* our own index */
    uint32_t theirs; /* the other end's, as it was read and checked last */
    bool wrong;      /* the other end wrote an index that cannot be; fixed once set */
} ring;

/* Whether it is a size of a ring: a power of two, from RING_LEAST to RING_MOST. */
#define RING_LEAST 4096u
#define RING_MOST (1024u * 1024)
bool ring_size_is_right(uint32_t size);
uint8_t ring_bits(uint32_t size); /* such that it is 1 << bits */

void ring_init(ring *r, ring_shared *shared, char *bytes, uint32_t size);

/* ---- The producer --------------------------------------------------------------------------- */

/* Copies as many of `length` bytes as there is room for, and publishes them. Returns how many. */
size_t ring_put(ring *r, const char *data, size_t length);

/* After ring_put: whether the consumer sleeps. True: it is owed one bell, from now on by us. */
bool ring_rouses_consumer(ring *r);

/* Whether something can be put. */
bool ring_has_room(ring *r);

/* ---- The consumer --------------------------------------------------------------------------- */

/* Copies at most `room` bytes that the producer has published, and frees their room. Returns how
 * many. */
size_t ring_take(ring *r, char *to, size_t room);

/* After ring_take: whether the producer starves. True: it is owed one bell, from now on by us. */
bool ring_rouses_producer(ring *r);

/* Whether something can be taken. */
bool ring_has_bytes(ring *r);

/* ---- Sleeping ------------------------------------------------------------------------------- */

/* Asks the other end for a bell: the consumer when there are bytes, the producer when there is
 * room. The caller must look once more (ring_has_bytes, ring_has_room) before it sleeps. */
void ring_ask_for_bytes(ring *r);
void ring_ask_for_room(ring *r);

/* Takes the request back. False: it is too late, and a bell will come. */
bool ring_forgo_bytes(ring *r);
bool ring_forgo_room(ring *r);

#endif
