/*
 * The decoder. The first byte says the mode; the rest is what was read. However reads split the
 * bytes, they mean the same; and what is encoded decodes to what it was.
 */
#include "fuzz.h"

#include "pipe/decoder.h"
#include "pipe/framing.h"

#include <string.h>

#define FRAMES__MOST 300

static decoder frames__decoder(uint8_t flags)
{
    return (decoder){.mode = (pp_mode)(flags % 3),
                     .half_close = (flags & 4) != 0,
                     .max_message = flags & 8 ? FRAMES__MOST : UINT32_MAX >> 1};
}

/* The same bytes, one more at a time: parts ask for more than there is and never for less than
 * before, until the same comes out. */
static void frames__split(const decoder *d, const uint8_t *data, size_t have, const decoded *all)
{
    size_t needed = 0;

    for (size_t n = 0; n <= have; n++) {
        decoded part = decoder_look(d, data, n, n == have);

        if (part.kind == DECODED_PART) {
            fuzz_expect(part.size > n && part.size >= needed, "a part needs less than it has");
            needed = part.size;
            continue;
        }
        if (d->mode != PP_MODE_FRAMED)
            return;
        fuzz_expect(part.kind == all->kind && part.why == all->why && part.size == all->size &&
                        part.length == all->length && part.skip == all->skip,
                    "split reads mean something else");
        return;
    }
    fuzz_expect(all->kind == DECODED_PART, "split reads are incomplete");
}

static void frames__decode(const decoder *d, const uint8_t *data, size_t have)
{
    for (;;) {
        decoded all = decoder_look(d, data, have, true);

        frames__split(d, data, have, &all);
        if (all.kind == DECODED_PART || all.kind == DECODED_WRONG || all.size == 0)
            return;
        fuzz_expect(all.size <= have && all.skip + all.length <= all.size, "more than there is");
        fuzz_expect(d->mode == PP_MODE_STREAM || all.length <= d->max_message,
                    "a message is too long");
        data += all.size;
        have -= all.size;
    }
}

static void frames__encode(const uint8_t *data, size_t size)
{
    static uint8_t frame[FRAMING_HEADER + FUZZ_TEXT];
    decoder d = {.mode = PP_MODE_FRAMED, .max_message = FUZZ_TEXT};
    decoded all;

    if (size > FUZZ_TEXT)
        return;
    framing_write(frame, (uint32_t)size);
    if (size > 0)
        memcpy(frame + FRAMING_HEADER, data, size);
    all = decoder_look(&d, frame, FRAMING_HEADER + size, false);
    fuzz_expect(all.kind == DECODED_MESSAGE && all.length == size && all.skip == FRAMING_HEADER &&
                    all.size == FRAMING_HEADER + size,
                "what is encoded decodes to something else");
    frames__split(&d, frame, FRAMING_HEADER + size, &all);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    decoder d = frames__decoder(size > 0 ? data[0] : 0);

    if (size == 0)
        return;
    frames__decode(&d, data + 1, size - 1);
    frames__encode(data + 1, size - 1);
}
