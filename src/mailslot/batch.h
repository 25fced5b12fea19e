/*
 * Datagrams that were read and not yet delivered: records of a length and the bytes, in order, in
 * a buffer of fixed size.
 */
#ifndef PP_MAILSLOT_BATCH_H
#define PP_MAILSLOT_BATCH_H

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

typedef struct batch {
    char *data;
    size_t size, start, end;
} batch;

/* Room for at least one datagram of `longest` bytes. */
static inline bool batch_open(batch *b, size_t longest, size_t spare)
{
    b->size = sizeof(uint32_t) + longest + spare;
    b->start = b->end = 0;
    b->data = mem_alloc(b->size);
    return b->data != NULL;
}

static inline void batch_close(batch *b)
{
    mem_free(b->data);
    b->data = NULL;
}

static inline bool batch_is_empty(const batch *b)
{
    return b->start == b->end;
}

/* Where the next datagram may be read to, and how much fits; batch_add makes it a record. */
static inline char *batch_room(const batch *b, size_t *length)
{
    size_t used = b->end + sizeof(uint32_t);

    *length = b->size > used ? b->size - used : 0;
    return b->data + used;
}

static inline void batch_add(batch *b, uint32_t length)
{
    memcpy(b->data + b->end, &length, sizeof length);
    b->end += sizeof length + length;
}

/* The first datagram; batch_drop removes it. */
static inline const char *batch_first(const batch *b, uint32_t *length)
{
    memcpy(length, b->data + b->start, sizeof *length);
    return b->data + b->start + sizeof *length;
}

static inline void batch_drop(batch *b)
{
    uint32_t length;

    batch_first(b, &length);
    b->start += sizeof length + length;
    if (b->start == b->end)
        b->start = b->end = 0;
}

#endif
