#include "iocp/budget.h"

#define BUDGET__MESSAGES 4  /* a message is at most this fraction of the limit */
#define BUDGET__SPARE 8     /* the spare room is this fraction */
#define BUDGET__OVERHEAD 64 /* of a message, such as its header */

/* The reasons why an account was told. */
#define BUDGET__TOLD_GENERAL 1u
#define BUDGET__TOLD_RESERVE 2u

void budget_init(budget *b, uint64_t limit, budget_tell_fn *tell)
{
    *b = (budget){0};
    b->limit = (int64_t)limit;
    b->spare_limit = b->limit / BUDGET__SPARE;
    b->general_limit = b->limit - b->spare_limit;
    b->tell = tell;
    InitializeSRWLock(&b->lock);
    for (int kind = 0; kind < BUDGET_KINDS; kind++)
        list_init(&b->reserve[kind].waiting);
}

void budget_free(budget *b)
{
    heap_free(&b->waiting);
}

/* ---- The rooms that everybody shares -------------------------------------------------------- */

uint64_t budget_used(const budget *b)
{
    int64_t used = b->general + b->spare + b->reserved;

    return used > 0 ? (uint64_t)used : 0;
}

uint64_t budget_most(const budget *b)
{
    return (uint64_t)b->most;
}

static void budget__note_most(budget *b)
{
    LONG64 used = (LONG64)budget_used(b), most = b->most, before;

    for (; most < used; most = before) {
        before = InterlockedCompareExchange64(&b->most, used, most);
        if (before == most)
            break;
    }
}

/* Takes from a room, if `used` stays within `limit` and the account, which holds `own` bytes of the
 * room, leaves as many free. */
static bool budget__take(budget *b, volatile LONG64 *used, int64_t limit, int64_t own,
                         int64_t bytes)
{
    int64_t seen = *used, before;

    for (; seen + own + bytes <= limit; seen = before) {
        before = InterlockedCompareExchange64(used, seen + bytes, seen);
        if (before == seen) {
            budget__note_most(b);
            return true;
        }
    }
    return false;
}

/* ---- Waiting accounts ----------------------------------------------------------------------- */

static int64_t budget__free_general(const budget *b)
{
    return b->general_limit - b->general;
}

/* With the lock held, as in all that follows. */
static void budget__tell(budget *b, budget_account *a, unsigned reason)
{
    heap_remove(&b->waiting, &a->need);
    a->told |= (unsigned char)reason;
    b->tell(a->owner, a->event);
}

/* Tells the first in line for the room of the kind, if no account holds it or was told of it. */
static void budget__offer_reserve(budget *b, budget_reserve *r)
{
    budget_account *a;

    if (r->holder || r->told > 0 || list_is_empty(&r->waiting))
        return;
    a = CONTAINER_OF(r->waiting.next, budget_account, place);
    list_remove(&a->place);
    a->called = true;
    r->told++;
    budget__tell(b, a, BUDGET__TOLD_RESERVE);
}

/* Tells the first reader in line, if the spare room has what it needs. */
static void budget__offer_spare(budget *b)
{
    list *line = &b->reserve[BUDGET_MESSAGE].waiting;
    budget_account *a = CONTAINER_OF(line->next, budget_account, place);

    if (!list_is_empty(line) && heap_has(&a->need) &&
        (int64_t)(a->need.key - a->general + a->spare) <= b->spare_limit - b->spare)
        budget__tell(b, a, BUDGET__TOLD_GENERAL);
}

/* Tells the account that needs least, if the general room has that. */
static void budget__offer_general(budget *b)
{
    heap_node *least = heap_first(&b->waiting);

    if (least && (int64_t)least->key <= budget__free_general(b))
        budget__tell(b, CONTAINER_OF(least, budget_account, need), BUDGET__TOLD_GENERAL);
}

/* Tells one account for each room that has something to give. */
static void budget__offer(budget *b)
{
    budget__offer_spare(b);
    budget__offer_general(b);
    for (int kind = 0; kind < BUDGET_KINDS; kind++)
        budget__offer_reserve(b, &b->reserve[kind]);
    InterlockedExchange(&b->short_of, b->waiting.count > 0);
}

/* Bytes came back. Race with budget_wait: the waiting account stores `short_of`, then looks at the
 * rooms; we changed a room, then load `short_of`. Whatever the interleaving, one of the two sees
 * the other, so no account waits while these bytes are free. */
static void budget__given_back(budget *b)
{
    WIN_FENCE();
    if (!budget_is_short(b))
        return;
    AcquireSRWLockExclusive(&b->lock);
    budget__offer(b);
    ReleaseSRWLockExclusive(&b->lock);
}

static void budget__stop_waiting(budget *b, budget_account *a)
{
    heap_remove(&b->waiting, &a->need);
    list_remove(&a->place);
    a->waits = false;
}

static void budget__pass(budget *b, budget_account *a)
{
    if (a->told & BUDGET__TOLD_RESERVE)
        b->reserve[a->kind].told--;
    a->told = 0;
    budget__offer(b);
}

/* ---- How much is allowed -------------------------------------------------------------------- */

uint64_t budget_longest(const budget *b, uint64_t wanted)
{
    uint64_t longest = (uint64_t)b->limit / BUDGET__MESSAGES;

    return wanted < longest ? wanted : longest;
}

/* With the lock held: reserves as much as the longest message of all objects that exist needs. */
static void budget__follow_objects(budget *b)
{
    uint64_t longest = 0;

    for (int i = 0; i < BUDGET_CLASSES; i++)
        if (b->classes[i].objects > 0 && b->classes[i].longest > longest)
            longest = b->classes[i].longest;
    b->reserve_size = longest > 0 ? (int64_t)longest + BUDGET__OVERHEAD : 0;
    InterlockedExchange64(&b->general_limit,
                          b->limit - b->spare_limit - BUDGET_KINDS * b->reserve_size);
}

static struct budget_class *budget__class_of(budget *b, uint64_t longest)
{
    int i = 0;

    while (i < BUDGET_CLASSES - 1 && longest >> (i + 1) != 0)
        i++;
    return &b->classes[i];
}

bool budget_join(budget *b, uint64_t longest)
{
    struct budget_class *class = budget__class_of(b, longest);
    bool ok;

    AcquireSRWLockExclusive(&b->lock);
    ok = heap_reserve(&b->waiting, BUDGET_KINDS);
    if (ok && (class->objects++ == 0 || longest > class->longest)) {
        class->longest = longest;
        budget__follow_objects(b);
    }
    ReleaseSRWLockExclusive(&b->lock);
    return ok;
}

void budget_leave(budget *b, uint64_t longest)
{
    struct budget_class *class = budget__class_of(b, longest);

    AcquireSRWLockExclusive(&b->lock);
    heap_unreserve(&b->waiting, BUDGET_KINDS);
    if (--class->objects == 0) {
        budget__follow_objects(b);
        budget__offer(b);
    }
    ReleaseSRWLockExclusive(&b->lock);
}

/* ---- Accounts ------------------------------------------------------------------------------- */

void budget_account_init(budget_account *a, budget_kind kind, void *owner, LONG event)
{
    *a = (budget_account){.kind = (unsigned char)kind, .owner = owner, .event = event};
    heap_node_init(&a->need);
    list_init(&a->place);
}

/* With the lock held. No account overtakes those in line. A called account may come too late, when
 * another holds the room. */
static bool budget__may_have_reserve(const budget *b, const budget_account *a, uint64_t bytes)
{
    const budget_reserve *r = &b->reserve[a->kind];
    bool mine = r->holder == a || (!r->holder && a->called) ||
                (!r->holder && r->told == 0 && list_is_empty(&r->waiting));

    return mine && (int64_t)(a->reserved + bytes) <= b->reserve_size;
}

static bool budget__take_reserve(budget *b, budget_account *a, uint64_t bytes)
{
    bool ok;

    AcquireSRWLockExclusive(&b->lock);
    ok = budget__may_have_reserve(b, a, bytes);
    if (ok) {
        b->reserve[a->kind].holder = a;
        a->reserved += bytes;
        InterlockedAdd64(&b->reserved, (LONG64)bytes);
    } else {
        a->called = false; /* it came too late, and has to wait again */
    }
    ReleaseSRWLockExclusive(&b->lock);
    budget__note_most(b);
    return ok;
}

static bool budget__take_any(budget *b, budget_account *a, uint64_t bytes, budget_reach reach)
{
    if (a->kind == BUDGET_MESSAGE &&
        budget__take(b, &b->spare, b->spare_limit, (int64_t)a->spare, (int64_t)bytes)) {
        a->spare += bytes;
        return true;
    }
    if (reach >= BUDGET_GENERAL &&
        budget__take(b, &b->general, b->general_limit, (int64_t)a->general, (int64_t)bytes)) {
        a->general += bytes;
        return true;
    }
    return reach == BUDGET_RESERVE && budget__take_reserve(b, a, bytes);
}

bool budget_grow(budget *b, budget_account *a, uint64_t bytes, budget_reach reach)
{
    if (bytes == 0)
        return true;
    if (!budget__take_any(b, a, bytes, reach))
        return false;
    if (a->waits || a->called) {
        AcquireSRWLockExclusive(&b->lock);
        budget__stop_waiting(b, a);
        a->called = false;
        budget__offer(b);
        ReleaseSRWLockExclusive(&b->lock);
    }
    return true;
}

void budget_grow_anyway(budget *b, budget_account *a, uint64_t bytes)
{
    a->general += bytes;
    InterlockedAdd64(&b->general, (LONG64)bytes);
    budget__note_most(b);
}

static void budget__give_reserve(budget *b, budget_account *a, uint64_t bytes)
{
    AcquireSRWLockExclusive(&b->lock);
    a->reserved -= bytes;
    InterlockedAdd64(&b->reserved, -(LONG64)bytes);
    if (a->reserved == 0) {
        b->reserve[a->kind].holder = NULL;
        budget__offer(b);
    }
    ReleaseSRWLockExclusive(&b->lock);
}

static uint64_t budget__less(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void budget_shrink(budget *b, budget_account *a, uint64_t bytes)
{
    uint64_t reserved = budget__less(bytes, a->reserved);
    uint64_t general = budget__less(bytes - reserved, a->general);
    uint64_t spare = bytes - reserved - general;

    if (reserved > 0)
        budget__give_reserve(b, a, reserved);
    a->general -= general;
    a->spare -= spare;
    if (general > 0)
        InterlockedAdd64(&b->general, -(LONG64)general);
    if (spare > 0)
        InterlockedAdd64(&b->spare, -(LONG64)spare);
    if (general + spare > 0)
        budget__given_back(b);
}

bool budget_has(const budget *b, const budget_account *a, uint64_t bytes)
{
    return bytes == 0 || a->called || (int64_t)(a->general + bytes) <= budget__free_general(b);
}

void budget_wait(budget *b, budget_account *a, uint64_t bytes, budget_reach reach)
{
    AcquireSRWLockExclusive(&b->lock);
    a->waits = true;
    a->called = false;
    heap_put(&b->waiting, &a->need, a->general + bytes);
    if (reach == BUDGET_RESERVE && list_is_empty(&a->place))
        list_append(&b->reserve[a->kind].waiting, &a->place);
    InterlockedExchange(&b->short_of, 1);
    WIN_FENCE();
    budget__offer(b); /* for bytes that came back since the refusal, and told nobody */
    ReleaseSRWLockExclusive(&b->lock);
}

void budget_pass(budget *b, budget_account *a)
{
    if (!a->told)
        return;
    AcquireSRWLockExclusive(&b->lock);
    budget__pass(b, a);
    ReleaseSRWLockExclusive(&b->lock);
}

void budget_close(budget *b, budget_account *a)
{
    if (!a->waits && !a->told)
        return;
    AcquireSRWLockExclusive(&b->lock);
    budget__stop_waiting(b, a);
    budget__pass(b, a);
    ReleaseSRWLockExclusive(&b->lock);
}
