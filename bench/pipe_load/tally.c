#include "tally.h"

#include <stdlib.h>

bool tallies_open(tallies *all, unsigned threads)
{
    all->count = threads;
    all->taken = 0;
    all->slot = TlsAlloc();
    all->each = calloc(threads, sizeof *all->each);
    return all->slot != TLS_OUT_OF_INDEXES && all->each != NULL;
}

void tallies_close(tallies *all)
{
    if (all->slot != TLS_OUT_OF_INDEXES)
        TlsFree(all->slot);
    free(all->each);
    all->each = NULL;
}

tally *tally_here(tallies *all)
{
    tally *mine = TlsGetValue(all->slot);
    unsigned index;

    if (mine)
        return mine;
    index = (unsigned)InterlockedIncrement(&all->taken) - 1;
    if (index >= all->count)
        abort(); /* a thread that nobody planned for would count into another's */
    mine = &all->each[index];
    TlsSetValue(all->slot, mine);
    return mine;
}

uint64_t tallies_messages(const tallies *all)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < all->count; i++)
        sum += all->each[i].messages;
    return sum;
}

uint64_t tallies_replies(const tallies *all)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < all->count; i++)
        sum += all->each[i].replies;
    return sum;
}

const tally *tallies_merge(tallies *all)
{
    tally *sum = &all->each[0];

    for (unsigned i = 1; i < all->count; i++) {
        const tally *other = &all->each[i];

        histogram_merge(&sum->latency, &other->latency);
        histogram_merge(&sum->lateness, &other->lateness);
        sum->messages += other->messages;
        sum->replies += other->replies;
        sum->verify_failures += other->verify_failures;
    }
    return sum;
}
