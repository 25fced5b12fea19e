#include "pipe/framing.h"

void framing_write(void *at, uint32_t header)
{
    unsigned char *bytes = at;

    bytes[0] = (unsigned char)header;
    bytes[1] = (unsigned char)(header >> 8);
    bytes[2] = (unsigned char)(header >> 16);
    bytes[3] = (unsigned char)(header >> 24);
}

uint32_t framing_read(const void *at)
{
    const unsigned char *bytes = at;

    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

framing_kind framing_parse(const void *data, size_t length, uint64_t max_message, size_t *size)
{
    uint32_t header;

    *size = FRAMING_HEADER;
    if (length < FRAMING_HEADER)
        return FRAMING_PARTIAL;
    header = framing_read(data);
    if (header & FRAMING_CONTROL)
        return header == FRAMING_END ? FRAMING_ENDED : FRAMING_UNKNOWN;
    if (header > max_message)
        return FRAMING_TOO_LONG;
    *size = FRAMING_HEADER + header;
    return length < *size ? FRAMING_PARTIAL : FRAMING_MESSAGE;
}
