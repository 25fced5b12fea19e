#include "payload.h"

#include <stdlib.h>

bool payload_open(payload *p, size_t size)
{
    size_t length = size + PAYLOAD_STARTS;
    uint64_t state = 0x9E3779B97F4A7C15u;

    p->size = size;
    p->text = malloc(length);
    if (!p->text)
        return false;
    for (size_t i = 0; i < length; i++) {
        /* xorshift64 */
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        p->text[i] = (unsigned char)(state >> 56);
    }
    return true;
}

void payload_close(payload *p)
{
    free(p->text);
    p->text = NULL;
}
