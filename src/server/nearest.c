#include "server/nearest.h"

#include <string.h>

nearest nearest_to(const char *word, size_t length)
{
    return (nearest){.word = word, .length = length, .changes = 2 + length / 3};
}

static size_t nearest__least(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* Levenshtein's distance: letters added, left out or exchanged. `row` has those of the word's
 * beginnings to so much of the other. */
static size_t nearest__changes(const nearest *n, const char *other, size_t other_length)
{
    size_t row[NEAREST_LONGEST + 1];

    for (size_t i = 0; i <= n->length; i++)
        row[i] = i;
    for (size_t j = 1; j <= other_length; j++) {
        size_t before = row[0];

        row[0] = j;
        for (size_t i = 1; i <= n->length; i++) {
            size_t same = before + (n->word[i - 1] != other[j - 1]);

            before = row[i];
            row[i] = nearest__least(same, row[i - 1] + 1, row[i] + 1);
        }
    }
    return row[n->length];
}

void nearest_offer(nearest *n, const char *allowed)
{
    size_t length = strlen(allowed), changes;

    if (n->length > NEAREST_LONGEST || length > NEAREST_LONGEST)
        return;
    changes = nearest__changes(n, allowed, length);
    if (changes < n->changes) {
        n->changes = changes;
        memcpy(n->best, allowed, length + 1);
    }
}
