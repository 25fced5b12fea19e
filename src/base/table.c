#include "base/table.h"

#include "base/mem.h"

#include <assert.h>

void table_init(table *t)
{
    *t = (table){0};
    t->chains = t->first;
    t->chain_count = TABLE_FIRST_CHAINS;
}

void table_free(table *t)
{
    assert(t->count == 0);
    if (t->chains != t->first)
        mem_free(t->chains);
}

/* The chain that would hold this number. */
static table_link **table__chain(const table *t, uint64_t id)
{
    return &t->chains[id & (t->chain_count - 1)];
}

static void table__insert(table *t, table_link *member)
{
    table_link **chain = table__chain(t, member->id);

    member->next = *chain;
    *chain = member;
}

static void table__double(table *t)
{
    table_link **old = t->chains, **chains = mem_alloc_zeroed(2 * t->chain_count * sizeof *chains);
    size_t old_count = t->chain_count;

    if (!chains)
        return;
    t->chains = chains;
    t->chain_count = 2 * old_count;
    for (size_t i = 0; i < old_count; i++)
        for (table_link *member = old[i], *next; member; member = next) {
            next = member->next;
            table__insert(t, member);
        }
    if (old != t->first)
        mem_free(old);
}

void table_add(table *t, table_link *member, uint64_t id)
{
    if (t->count == t->chain_count)
        table__double(t);
    member->id = id;
    table__insert(t, member);
    t->count++;
}

table_link *table_find(const table *t, uint64_t id)
{
    table_link *member = *table__chain(t, id);

    while (member && member->id != id)
        member = member->next;
    return member;
}

void table_remove(table *t, table_link *member)
{
    for (table_link **link = table__chain(t, member->id); *link; link = &(*link)->next)
        if (*link == member) {
            *link = member->next;
            t->count--;
            return;
        }
}
