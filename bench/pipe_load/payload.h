/*
 * What messages consist of. Each message is a stretch of one long random text; where it begins
 * follows from the client and from the message's number, so that a reply that was changed, lost,
 * exchanged or sent to another client shows, and neither sending nor checking makes anything.
 */
#ifndef PIPE_LOAD_PAYLOAD_H
#define PIPE_LOAD_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_STARTS (1u << 16) /* a power of two */

typedef struct payload {
    unsigned char *text;
    size_t size; /* of a message */
} payload;

/* False: no memory. */
bool payload_open(payload *p, size_t size);
void payload_close(payload *p);

/* The bytes of a message. Both factors are odd: of one client's messages, and of the clients'
 * first, PAYLOAD_STARTS in a row begin at different places. */
static inline const unsigned char *payload_message(const payload *p, unsigned who, uint64_t number)
{
    return p->text + ((who * 40503u + (unsigned)number * 7919u) & (PAYLOAD_STARTS - 1));
}

#endif
