/*
 * Datagrams that were read and not yet delivered: records of a length and the bytes, in order, in a
 * buffer of fixed size.
 */
#ifndef PP_MAILSLOT_DATAGRAMS_H
#define PP_MAILSLOT_DATAGRAMS_H

#include "base/mem.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

typedef struct datagrams {
    char *data;
    size_t size, start, end;
} datagrams;

/* Makes room for at least one datagram of `longest` bytes, and `spare` more. */
static inline bool datagrams_open(datagrams *b, size_t longest, size_t spare)
{
    b->size = sizeof(uint32_t) + longest + spare;
    b->start = b->end = 0;
    b->data = mem_alloc(b->size);
    return b->data != NULL;
}

static inline void datagrams_close(datagrams *b)
{
    mem_free(b->data);
    b->data = NULL;
}

static inline bool datagrams_are_empty(const datagrams *b)
{
    return b->start == b->end;
}

/* Where to read the next datagram to, and how much fits; datagrams_add makes it a record. */
static inline char *datagrams_room(const datagrams *b, size_t *length)
{
    size_t used = b->end + sizeof(uint32_t);

    *length = b->size > used ? b->size - used : 0;
    return b->data + used;
}

static inline void datagrams_add(datagrams *b, uint32_t length)
{
    assert(b->size - b->end >= sizeof length + length);
    memcpy(b->data + b->end, &length, sizeof length);
    b->end += sizeof length + length;
}

/* The first datagram; datagrams_drop removes it. */
static inline const char *datagrams_first(const datagrams *b, uint32_t *length)
{
    memcpy(length, b->data + b->start, sizeof *length);
    return b->data + b->start + sizeof *length;
}

static inline void datagrams_drop(datagrams *b)
{
    uint32_t length;

    assert(!datagrams_are_empty(b));
    datagrams_first(b, &length);
    b->start += sizeof length + length;
    if (b->start == b->end)
        b->start = b->end = 0;
}

#endif
