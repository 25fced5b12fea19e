/*
 * Intrusive lists. `list` is doubly linked and circular, for members that leave from the middle;
 * `fifo` is singly linked, first in first out, for those that leave in order. Neither locks.
 */
#ifndef PP_BASE_LIST_H
#define PP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* A member that no list has points to itself. */
typedef struct list {
    struct list *next, *prev;
} list;

static inline void list_init(list *head)
{
    head->next = head->prev = head;
}

static inline bool list_is_empty(const list *head)
{
    return head->next == head;
}

static inline void list_append(list *head, list *member)
{
    member->prev = head->prev;
    member->next = head;
    head->prev->next = member;
    head->prev = member;
}

/* Removes `member` from its list; removing it again does nothing. */
static inline void list_remove(list *member)
{
    member->prev->next = member->next;
    member->next->prev = member->prev;
    list_init(member);
}

typedef struct fifo_link {
    struct fifo_link *next;
} fifo_link;

typedef struct fifo {
    fifo_link *first, *last;
} fifo;

static inline void fifo_append(fifo *q, fifo_link *link)
{
    link->next = NULL;
    if (q->first)
        q->last->next = link;
    else
        q->first = link;
    q->last = link;
}

/* Takes the first; NULL: the fifo is empty. */
static inline fifo_link *fifo_take(fifo *q)
{
    fifo_link *link = q->first;

    if (link)
        q->first = link->next;
    return link;
}

/* Moves everything in `from` to the end of `to`. */
static inline void fifo_move(fifo *to, fifo *from)
{
    if (!from->first)
        return;
    if (to->first)
        to->last->next = from->first;
    else
        to->first = from->first;
    to->last = from->last;
    from->first = NULL;
}

#endif
