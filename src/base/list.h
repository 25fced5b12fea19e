/*
 * Intrusive lists. `list` is doubly linked and circular, for members that leave from the middle;
 * `queue` is singly linked, first in first out, for those that leave in order. Neither locks.
 */
#ifndef PP_BASE_LIST_H
#define PP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_OF(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* A member that is in no list points to itself. */
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

/* Leaves `member` in no list; removing it again does nothing. */
static inline void list_remove(list *member)
{
    member->prev->next = member->next;
    member->next->prev = member->prev;
    list_init(member);
}

typedef struct queue_link {
    struct queue_link *next;
} queue_link;

typedef struct queue {
    queue_link *first, *last;
} queue;

static inline void queue_append(queue *q, queue_link *link)
{
    link->next = NULL;
    if (q->first)
        q->last->next = link;
    else
        q->first = link;
    q->last = link;
}

/* NULL when it is empty. */
static inline queue_link *queue_take(queue *q)
{
    queue_link *link = q->first;

    if (link)
        q->first = link->next;
    return link;
}

/* Moves everything in `from` to the end of `to`. */
static inline void queue_move(queue *to, queue *from)
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
