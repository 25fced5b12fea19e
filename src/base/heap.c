#include "base/heap.h"

#include "base/mem.h"

#define HEAP__FIRST_ROOM 64

bool heap_reserve(heap *h, size_t members)
{
    size_t room = h->room ? h->room : HEAP__FIRST_ROOM;
    heap_node **nodes;

    while (room < h->reserved + members)
        room *= 2;
    if (room > h->room) {
        nodes = mem_resize(h->nodes, room * sizeof(heap_node *));
        if (!nodes)
            return false;
        h->nodes = nodes;
        h->room = room;
    }
    h->reserved += members;
    return true;
}

void heap_unreserve(heap *h, size_t members)
{
    h->reserved -= members;
}

static void heap__place(heap *h, size_t index, heap_node *node)
{
    h->nodes[index] = node;
    node->index = index;
}

static void heap__up(heap *h, heap_node *node)
{
    size_t index = node->index;

    for (; index > 0 && h->nodes[(index - 1) / 2]->key > node->key; index = (index - 1) / 2)
        heap__place(h, index, h->nodes[(index - 1) / 2]);
    heap__place(h, index, node);
}

static void heap__down(heap *h, heap_node *node)
{
    size_t index = node->index;

    for (size_t child; (child = 2 * index + 1) < h->count; index = child) {
        if (child + 1 < h->count && h->nodes[child + 1]->key < h->nodes[child]->key)
            child++;
        if (h->nodes[child]->key >= node->key)
            break;
        heap__place(h, index, h->nodes[child]);
    }
    heap__place(h, index, node);
}

void heap_put(heap *h, heap_node *node, uint64_t key)
{
    if (!heap_has(node))
        heap__place(h, h->count++, node);
    node->key = key;
    heap__up(h, node);
    heap__down(h, node);
}

void heap_remove(heap *h, heap_node *node)
{
    size_t index = node->index;
    heap_node *last;

    if (!heap_has(node))
        return;
    last = h->nodes[--h->count];
    node->index = HEAP_NOWHERE;
    if (last == node)
        return;
    heap__place(h, index, last);
    heap__up(h, last);
    heap__down(h, last);
}

void heap_free(heap *h)
{
    mem_free(h->nodes);
    *h = (heap){0};
}
