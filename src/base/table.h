/*
 * Finds members by their number: a hash table of chains, about as many as it has held members at
 * once. Numbers are given out in order, so their low bits spread them evenly. It does not lock.
 */
#ifndef PP_BASE_TABLE_H
#define PP_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_FIRST_CHAINS 64

/* Embedded in the member. */
typedef struct table_link {
    struct table_link *next;
    uint64_t id;
} table_link;

typedef struct table {
    table_link **chains; /* a power of two of them */
    size_t chain_count, count;
    table_link *first[TABLE_FIRST_CHAINS];
} table;

void table_init(table *t);

/* The table must be empty. */
void table_free(table *t);

/* Cannot fail: if no memory is left for more chains, the present ones grow longer. */
void table_add(table *t, table_link *member, uint64_t id);

/* NULL: no member has this number. */
table_link *table_find(const table *t, uint64_t id);

/* Removes the member; does nothing if the table does not have it. */
void table_remove(table *t, table_link *member);

#endif
