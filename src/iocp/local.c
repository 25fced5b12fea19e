#include "iocp/local.h"

#include "base/mem.h"

#include <assert.h>

/* Where each thread finds its worker. All ports share one slot, so that a user may ask about a port
 * that is gone. */
static DWORD local__slot;

static BOOL CALLBACK local__take_slot(INIT_ONCE *once, void *argument, void **context)
{
    (void)once, (void)argument, (void)context;
    local__slot = TlsAlloc();
    return local__slot != TLS_OUT_OF_INDEXES;
}

DWORD locals_init(locals *all, unsigned count)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

    *all = (locals){0};
    if (!InitOnceExecuteOnce(&once, local__take_slot, NULL, NULL))
        return win_last_error();
    all->of = mem_alloc_zeroed(count * sizeof *all->of);
    if (!all->of)
        return ERROR_NOT_ENOUGH_MEMORY;
    all->count = count;
    for (unsigned i = 0; i < count; i++) {
        all->of[i].all = all;
        InitializeSRWLock(&all->of[i].lock);
    }
    return ERROR_SUCCESS;
}

void locals_free(locals *all)
{
    for (unsigned i = 0; i < all->count; i++)
        assert(!all->of[i].ready.first && !all->of[i].polled.first);
    mem_free(all->of);
}

void local_enter(local *l)
{
    TlsSetValue(local__slot, l);
}

local *local_here(const locals *all)
{
    local *l = TlsGetValue(local__slot);

    return l && l->all == all ? l : NULL;
}

void local_push(local *l, fifo_link *strand)
{
    AcquireSRWLockExclusive(&l->lock);
    fifo_append(&l->ready, strand);
    ReleaseSRWLockExclusive(&l->lock);
}

void local_push_all(local *l, fifo *strands)
{
    AcquireSRWLockExclusive(&l->lock);
    fifo_move(&l->ready, strands);
    ReleaseSRWLockExclusive(&l->lock);
}

fifo_link *local_next(local *l)
{
    fifo_link *link;

    AcquireSRWLockExclusive(&l->lock);
    link = fifo_take(&l->ready);
    ReleaseSRWLockExclusive(&l->lock);
    return link;
}

bool local_has_ready(local *l)
{
    bool has;

    AcquireSRWLockExclusive(&l->lock);
    has = l->ready.first != NULL;
    ReleaseSRWLockExclusive(&l->lock);
    return has;
}

void local_steal(local *l, fifo *taken)
{
    AcquireSRWLockExclusive(&l->lock);
    fifo_move(taken, &l->ready);
    ReleaseSRWLockExclusive(&l->lock);
}

void counter_add(locals *all, counter which, int64_t amount)
{
    local *here = local_here(all);

    if (here)
        local_count(here, which, amount);
    else
        InterlockedAdd64(&all->foreign.value[which], amount);
}

uint64_t counter_sum(const locals *all, counter which)
{
    int64_t sum = all->foreign.value[which];

    for (unsigned i = 0; i < all->count; i++)
        sum += all->of[i].counters.value[which];
    return sum > 0 ? (uint64_t)sum : 0; /* a gauge may seem negative while it changes */
}
