/*
 * The port's limit on queued and half-received bytes (max_buffered). An account takes bytes when it
 * grows: for what is copied into a queue, and for a read buffer. It gives them back when it
 * shrinks. The first bytes of each connection are its own and do not count. docs/limit.md shows
 * that no account waits for ever.
 *
 * Why rooms. A single counter that refuses at the limit fails in three ways. It stalls: many
 * clients each send half of a message, the halves fill the limit, and no message becomes whole. It
 * is unfair: clients that do not read fill the limit with their answers, and clients that do read
 * are refused. It deadlocks: a delivery waits for room for its answer, and only this delivery would
 * free the room. So the budget divides the limit:
 *
 *   general  for every account, under the threshold below.
 *   spare    for read buffers that are larger than what they hold. They grow as far as this room
 *            allows. Nobody waits for what an empty buffer keeps of it.
 *   message  for the one message being received that finds no general room.
 *   answer   for the one answer that finds none. One account at a time uses this room, and one
 *            the room before. Each is as large as the longest message of the port's objects.
 *
 * Why a dynamic threshold. An account takes more of a shared room only if it leaves as many bytes
 * free as it holds already. (Choudhury and Hahne found this for the shared memory of switches.) So
 * a part of the general room always remains for those that read: n accounts that hoard come to
 * n/(n+1) of it. A fixed share of each connection would leave most of the limit unused while few of
 * them are busy.
 *
 * Why nobody overtakes. The last two rooms guarantee progress: every message becomes whole, and
 * every answer is queued, at worst one after the other. That holds only if each waiting account
 * gets its turn. So these rooms have lines, and an account that does not wait takes such a room
 * only when its line is empty. In the general room the account that needs least is first, as it is
 * likeliest to fit.
 *
 * Why `told` and budget_pass. When bytes come back, the budget tells one account for each room; if
 * it told all, a herd would run for the room of one. But the told account may have lost its need:
 * its connection paused or ended. So it owes a budget_pass at the end of the turn that its event
 * brings, whether it took something or not. The pass lets the budget tell the next account.
 *
 * Why no wake-up is lost. A waiting account stores `short_of`, then looks at the rooms. A thread
 * that gives bytes back does so first and then reads `short_of`. Full barriers stand between the
 * two steps on both sides, so at least one of the two sees the other.
 *
 * The rule. One thread at a time grows and shrinks an account: its owner's turn, or a thread under
 * its owner's lock. The budget's lock guards the waiting accounts and the last two rooms. Only the
 * budget sets `told` and `called`.
 */
#ifndef PP_IOCP_BUDGET_H
#define PP_IOCP_BUDGET_H

#include "base/heap.h"
#include "base/list.h"
#include "base/win.h"

#define BUDGET_CLASSES 32 /* of longest messages, by their powers of two */

typedef enum budget_kind { BUDGET_MESSAGE, BUDGET_ANSWER, BUDGET_KINDS } budget_kind;

/* Up to which room an account may go. */
typedef enum budget_reach { BUDGET_SPARE, BUDGET_GENERAL, BUDGET_RESERVE } budget_reach;

/* What one side of a connection holds, and how it waits. */
typedef struct budget_account {
    heap_node need; /* among all waiting accounts; the key is what must be free */
    list place;     /* in the line for the room of its kind */
    void *owner;
    LONG event; /* to raise for the owner when the account is told */
    unsigned char kind;
    volatile unsigned char told; /* the reasons it was told for, until it passes */
    volatile bool called;        /* it may take the room of its kind when no account holds that */
    bool waits;
    uint64_t general, spare, reserved; /* what it holds of each room; reserved: of its kind's */
} budget_account;

/* Tells an account: raises its owner's event. Runs under the budget's lock. */
typedef void budget_tell_fn(void *owner, LONG event);

/* The room of a kind: one account uses it. */
typedef struct budget_reserve {
    list waiting;
    budget_account *holder; /* the account that holds bytes of it */
    unsigned told;          /* accounts that were told and have not passed yet */
} budget_reserve;

typedef struct budget {
    int64_t limit, spare_limit;
    volatile LONG64 general_limit; /* follows the objects that exist */
    volatile LONG64 general, spare, reserved, most;
    budget_tell_fn *tell;
    SRWLOCK lock; /* for what follows */
    heap waiting;
    volatile LONG short_of; /* an account waits; also read without the lock */
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

/* An object with two accounts and messages of at most `longest` bytes (from budget_longest) joins
 * and leaves. False: no memory. An object with a longer message may join while the port is at its
 * limit. Until enough bytes have come back, the port then exceeds its limit by the room added for
 * it. */
bool budget_join(budget *b, uint64_t longest);
void budget_leave(budget *b, uint64_t longest);

void budget_account_init(budget_account *a, budget_kind kind, void *owner, LONG event);

/* Takes so many bytes more. False: no room, and nothing has changed. */
bool budget_grow(budget *b, budget_account *a, uint64_t bytes, budget_reach reach);

/* Takes them whatever the limit says: for small amounts that are owed. */
void budget_grow_anyway(budget *b, budget_account *a, uint64_t bytes);

/* Gives so many bytes back: first those of its kind's room, then general, then spare. */
void budget_shrink(budget *b, budget_account *a, uint64_t bytes);

static inline uint64_t budget_held(const budget_account *a)
{
    return a->general + a->spare + a->reserved;
}

/* Of that, bytes of the spare room. */
static inline uint64_t budget_spare(const budget_account *a)
{
    return a->spare;
}

/* Whether the account may take the room of its kind when no account holds that. */
static inline bool budget_is_called(const budget_account *a)
{
    return a->called;
}

/* Whether budget_grow would succeed. */
bool budget_has(const budget *b, const budget_account *a, uint64_t bytes);

/* Waits for so many bytes more; with BUDGET_RESERVE also in the line for the room of its kind. The
 * budget tells the account once when it may have them, perhaps at once. */
void budget_wait(budget *b, budget_account *a, uint64_t bytes, budget_reach reach);

/* At the end of each turn of the account's owner: if it was told, the budget may tell the next. */
void budget_pass(budget *b, budget_account *a);

/* Before the account goes. It holds nothing. */
void budget_close(budget *b, budget_account *a);

/* Whether an account waits. */
static inline bool budget_is_short(const budget *b)
{
    return b->short_of != 0;
}

/* What all accounts hold of all rooms, and the peak of that. */
uint64_t budget_used(const budget *b);
uint64_t budget_most(const budget *b);

#endif
