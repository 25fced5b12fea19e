/*
 * The wire format of framed mode, docs/wire-format.md. Each frame begins with a 4-byte
 * little-endian header. Its top bit marks a control frame. The other bits are the length of the
 * payload that follows, or the control code.
 */
#ifndef PP_PIPE_FRAMING_H
#define PP_PIPE_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMING_HEADER 4u
#define FRAMING_CONTROL 0x80000000u
#define FRAMING_END (FRAMING_CONTROL | 1u)  /* the sender ends its sending */
#define FRAMING_LANE (FRAMING_CONTROL | 2u) /* about a lane; FRAMING_LANE_SIZE bytes follow */
#define FRAMING_BELL (FRAMING_CONTROL | 3u) /* look at the lane */
#define FRAMING_LANE_SIZE 32u

/* A server that knows lanes makes both buffers of its pipes of a size that nobody else would
 * choose, which a client can ask for: that costs nobody anything, and needs no frame that a client
 * or server without lanes would not know. framing_mark rounds a size to one of these; below
 * FRAMING_LEAST_MARKED it leaves it. */
#define FRAMING_LEAST_MARKED 4096u
uint64_t framing_mark(uint64_t buffer_size);
bool framing_is_marked(uint64_t buffer_size);

typedef enum framing_kind {
    FRAMING_PARTIAL, /* incomplete: `size` bytes in all for this frame, as far as known */
    FRAMING_MESSAGE, /* a payload of `size - FRAMING_HEADER` bytes after the header */
    FRAMING_ENDED,   /* the end of sending, `size` bytes */
    FRAMING_ABOUT_LANE,
    FRAMING_RINGS,
    FRAMING_TOO_LONG,
    FRAMING_UNKNOWN /* an undefined control frame */
} framing_kind;

static inline void framing_write(void *at, uint32_t header)
{
    unsigned char *bytes = at;

    bytes[0] = (unsigned char)header;
    bytes[1] = (unsigned char)(header >> 8);
    bytes[2] = (unsigned char)(header >> 16);
    bytes[3] = (unsigned char)(header >> 24);
}

static inline uint32_t framing_read(const void *at)
{
    const unsigned char *bytes = at;

    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* Parses the frame that begins at `data`. */
framing_kind framing_parse(const void *data, size_t length, uint64_t max_message, size_t *size);

#endif
