#include "pipe/framing.h"

#define FRAMING__MARK 0x95Bu /* of the 12 lowest bits */
#define FRAMING__MARKED 0xFFFu

uint64_t framing_mark(uint64_t buffer_size)
{
    return buffer_size < FRAMING_LEAST_MARKED
               ? buffer_size
               : (buffer_size & ~(uint64_t)FRAMING__MARKED) | FRAMING__MARK;
}

bool framing_is_marked(uint64_t buffer_size)
{
    return buffer_size >= FRAMING_LEAST_MARKED && (buffer_size & FRAMING__MARKED) == FRAMING__MARK;
}

static framing_kind framing__control(uint32_t header, size_t length, size_t *size)
{
    if (header == FRAMING_END)
        return FRAMING_ENDED;
    if (header == FRAMING_BELL)
        return FRAMING_RINGS;
    if (header != FRAMING_LANE)
        return FRAMING_UNKNOWN;
    *size = FRAMING_HEADER + FRAMING_LANE_SIZE;
    return length < *size ? FRAMING_PARTIAL : FRAMING_ABOUT_LANE;
}

framing_kind framing_parse(const void *data, size_t length, uint64_t max_message, size_t *size)
{
    uint32_t header;

    *size = FRAMING_HEADER;
    if (length < FRAMING_HEADER)
        return FRAMING_PARTIAL;
    header = framing_read(data);
    if (header & FRAMING_CONTROL)
        return framing__control(header, length, size);
    if (header > max_message)
        return FRAMING_TOO_LONG;
    *size = FRAMING_HEADER + header;
    return length < *size ? FRAMING_PARTIAL : FRAMING_MESSAGE;
}
