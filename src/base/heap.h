/*
 * A binary heap of members that know their place in it, the one with the least key first. Room for
 * a member is reserved beforehand, so that putting it in cannot fail. It does not lock.
 */
#ifndef PP_BASE_HEAP_H
#define PP_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_NOWHERE SIZE_MAX

/* Embedded in the member. */
typedef struct heap_node {
    uint64_t key;
    size_t index; /* HEAP_NOWHERE while it is not in the heap */
} heap_node;

typedef struct heap {
    heap_node **nodes;
    size_t count, room, reserved;
} heap;

static inline void heap_node_init(heap_node *node)
{
    node->key = 0;
    node->index = HEAP_NOWHERE;
}

static inline bool heap_has(const heap_node *node)
{
    return node->index != HEAP_NOWHERE;
}

/* NULL when it is empty. */
static inline heap_node *heap_first(const heap *h)
{
    return h->count > 0 ? h->nodes[0] : NULL;
}

/* Room for so many more members, until it is given back. False: no memory. */
bool heap_reserve(heap *h, size_t members);
void heap_unreserve(heap *h, size_t members);

/* Puts it in, or moves it to where the new key belongs. */
void heap_put(heap *h, heap_node *node, uint64_t key);

/* Takes it out; nothing happens to one that is not in. */
void heap_remove(heap *h, heap_node *node);

void heap_free(heap *h);

#endif
