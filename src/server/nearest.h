/*
 * The word that somebody may have meant: of those that are allowed, the one that the fewest changes
 * of a letter lead to. What needs more changes than one and a third of its letters is no help.
 */
#ifndef PP_SERVER_NEAREST_H
#define PP_SERVER_NEAREST_H

#include <stddef.h>

#define NEAREST_LONGEST 64 /* characters; longer words are near to none */

typedef struct nearest {
    const char *word;
    size_t length, changes;         /* fewer than this are near */
    char best[NEAREST_LONGEST + 1]; /* "": none is near */
} nearest;

/* The word may go on behind `length`. */
nearest nearest_to(const char *word, size_t length);

/* Another allowed word. */
void nearest_offer(nearest *n, const char *allowed);

#endif
