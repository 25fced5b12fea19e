/*
 * The port's limit on queued and half-received bytes. What is copied into a queue, and what a read
 * buffer grows to, is taken from it and given back; the first bytes of each connection are its own
 * and not counted. The limit is divided into rooms:
 *
 *   general   for everybody. Nobody gets to hold more of it than is left free (the dynamic
 *             threshold of Choudhury and Hahne), so that those who do not read leave room for
 *             those who do.
 *   spare     for read buffers that are larger than what they hold: they may grow as far as this
 *             allows, and what they keep while they are empty is missed by nobody.
 *   message   for the one message being received that finds no general room;
 *   answer    for the one answer that finds none. Each of these two is as large as the longest
 *             message that an object of the port may have, is used by one account at a time, and
 *             goes to those who wait for it in their order.
 *
 * Why it cannot stall is in docs/limit.md.
 *
 * The rule. An account is grown and shrunk by one thread at a time: its owner's turn or lock. The
 * budget's lock is for those who wait and for the last two rooms, and `told` and `called` are the
 * budget's. Who is told owes a budget_pass at the end of the turn that the event brings, whether
 * it took something or not: it is how the next is told.
 */
#ifndef PP_IOCP_BUDGET_H
#define PP_IOCP_BUDGET_H

#include "base/heap.h"
#include "base/list.h"
#include "base/win.h"

#define BUDGET_CLASSES 32 /* of longest messages, by their powers of two */

typedef enum budget_kind { BUDGET_MESSAGE, BUDGET_ANSWER, BUDGET_KINDS } budget_kind;

/* How far an account may go. */
typedef enum budget_reach { BUDGET_SPARE, BUDGET_GENERAL, BUDGET_RESERVE } budget_reach;

/* What one side of a connection holds, and how it waits. */
typedef struct budget_account {
    heap_node need; /* among all who wait; the key is what must be free */
    list place;     /* among those who wait for the room of its kind */
    void *owner;
    LONG event; /* to raise for the owner when it is told */
    unsigned char kind;
    volatile unsigned char told; /* for what, and has not passed yet */
    volatile bool called;        /* it may have the room of its kind when nobody has it */
    bool waits;
    uint64_t general, spare, reserved; /* what it holds of each room; reserved: of its kind's */
} budget_account;

/* Has the account's owner look again: raises its event. Called under the budget's lock. */
typedef void budget_tell_fn(void *owner, LONG event);

/* The room of a kind: one account uses it. */
typedef struct budget_reserve {
    list waiting;
    budget_account *holder; /* it holds bytes of it */
    unsigned told;          /* and have not passed yet */
} budget_reserve;

typedef struct budget {
    int64_t limit, spare_limit;
    volatile LONG64 general_limit; /* follows the objects that exist */
    volatile LONG64 general, spare, reserved, most;
    budget_tell_fn *tell;
    SRWLOCK lock; /* for what follows */
    heap waiting;
    volatile LONG short_of; /* somebody waits; also read without the lock */
    budget_reserve reserve[BUDGET_KINDS];
    int64_t reserve_size;
    struct budget_class {
        uint64_t objects, longest;
    } classes[BUDGET_CLASSES];
} budget;

void budget_init(budget *b, uint64_t limit, budget_tell_fn *tell);
void budget_free(budget *b);

/* The longest message that an object may have, at most `wanted`. */
uint64_t budget_longest(const budget *b, uint64_t wanted);

/* An object with two accounts and messages of at most `longest` bytes, which budget_longest gave,
 * comes and leaves. False: no memory. A longer one may come while the port is at its limit: until
 * enough has gone, more is used than the limit by what is kept back for it. */
bool budget_join(budget *b, uint64_t longest);
void budget_leave(budget *b, uint64_t longest);

void budget_account_init(budget_account *a, budget_kind kind, void *owner, LONG event);

/* Takes so many bytes more; false: there is no room, and nothing has happened. */
bool budget_grow(budget *b, budget_account *a, uint64_t bytes, budget_reach reach);

/* Takes them whatever the limit says: for what is owed, and small. */
void budget_grow_anyway(budget *b, budget_account *a, uint64_t bytes);

/* Gives so many back: first of the room of its kind, then general, then spare. */
void budget_shrink(budget *b, budget_account *a, uint64_t bytes);

static inline uint64_t budget_held(const budget_account *a)
{
    return a->general + a->spare + a->reserved;
}

/* Of that, spare room. */
static inline uint64_t budget_spare(const budget_account *a)
{
    return a->spare;
}

/* Whether it may have the room of its kind, when nobody has it. */
static inline bool budget_is_called(const budget_account *a)
{
    return a->called;
}

/* Whether budget_grow would give so many. */
bool budget_has(const budget *b, const budget_account *a, uint64_t bytes);

/* Waits for so many bytes more, also of the room of its kind with BUDGET_RESERVE: the account is
 * told once when it may have them; perhaps at once. */
void budget_wait(budget *b, budget_account *a, uint64_t bytes, budget_reach reach);

/* At the end of each turn of the account's owner: who was told lets the next be told. */
void budget_pass(budget *b, budget_account *a);

/* Before the account goes; it holds nothing. */
void budget_close(budget *b, budget_account *a);

/* Whether somebody waits. */
static inline bool budget_is_short(const budget *b)
{
    return b->short_of != 0;
}

/* What is held of all rooms; and the most that was at once. */
uint64_t budget_used(const budget *b);
uint64_t budget_most(const budget *b);

#endif
