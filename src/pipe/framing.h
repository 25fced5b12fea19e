/*
 * The wire format of framed mode, docs/wire-format.md. Each frame begins with a 4-byte
 * little-endian header. Its top bit marks a control frame. The other bits are the length of the
 * payload that follows, or the control code.
 */
#ifndef PP_PIPE_FRAMING_H
#define PP_PIPE_FRAMING_H

#include <stddef.h>
#include <stdint.h>

#define FRAMING_HEADER 4u
#define FRAMING_CONTROL 0x80000000u
#define FRAMING_END (FRAMING_CONTROL | 1u) /* the sender ends its sending */

typedef enum framing_kind {
    FRAMING_PARTIAL, /* incomplete: `size` bytes in all for this frame, as far as known */
    FRAMING_MESSAGE, /* a payload of `size - FRAMING_HEADER` bytes after the header */
    FRAMING_ENDED,   /* the end of sending, `size` bytes */
    FRAMING_TOO_LONG,
    FRAMING_UNKNOWN /* an undefined control frame */
} framing_kind;

void framing_write(void *at, uint32_t header);
uint32_t framing_read(const void *at);

/* Parses the frame that begins at `data`. */
framing_kind framing_parse(const void *data, size_t length, uint64_t max_message, size_t *size);

#endif
