/*
 * A binary heap whose members know their place in it, with the least key first. heap_reserve makes
 * room for a member beforehand, so that heap_put cannot fail. It does not lock.
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

/* The member with the least key; NULL: the heap is empty. */
static inline heap_node *heap_first(const heap *h)
{
    return h->count > 0 ? h->nodes[0] : NULL;
}

/* Reserves room for so many more members, until heap_unreserve. False: no memory. */
bool heap_reserve(heap *h, size_t members);
void heap_unreserve(heap *h, size_t members);

/* Adds the member, or moves it to the place of its new key. */
void heap_put(heap *h, heap_node *node, uint64_t key);

/* Removes the member; does nothing if the heap does not have it. */
void heap_remove(heap *h, heap_node *node);

void heap_free(heap *h);

#endif
