#include "pipe/records.h"

#include "base/mem.h"
#include "pipe/framing.h"

#include <assert.h>
#include <string.h>

#define RECORDS__FIRST_SIZE 256u
#define RECORDS__FIRST_SHARED 8u

/* ---- Filling -------------------------------------------------------------------------------- */

bool records_grow_shared(records *r)
{
    size_t size = r->shared_size ? r->shared_size * 2 : RECORDS__FIRST_SHARED;
    records_shared *places;

    places = mem_resize(r->shared, size * sizeof *places);
    if (!places)
        return false;
    r->shared = places;
    r->shared_size = size;
    return true;
}

bool records_grow(records *r, size_t bytes)
{
    size_t size = r->size ? r->size : RECORDS__FIRST_SIZE;
    char *data;

    while (size - r->end < bytes)
        size *= 2;
    data = mem_resize(r->data, size);
    if (!data)
        return false;
    r->data = data;
    r->size = size;
    return true;
}

void records_add(records *r, const void *data, size_t length)
{
    assert(r->size - r->end >= length);
    if (length > 0)
        memcpy(r->data + r->end, data, length);
    r->end += length;
}

void records_add_header(records *r, uint32_t header)
{
    assert(r->size - r->end >= FRAMING_HEADER);
    framing_write(r->data + r->end, header);
    r->end += FRAMING_HEADER;
}

void records_add_shared(records *r, pp_buffer *buffer)
{
    assert(r->shared_end < r->shared_size);
    pp_buffer_ref(buffer);
    r->shared[r->shared_end++] = (records_shared){r->end, buffer};
}

/* ---- Handing over --------------------------------------------------------------------------- */

static size_t records__less(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Whether the shared buffer of this index belongs at `at`. */
static bool records__has_shared(const records *r, size_t index, size_t at)
{
    return index < r->shared_end && r->shared[index].at == at;
}

static piece records__next_message(const records *r)
{
    size_t length = framing_read(r->data + r->start);

    if (records__has_shared(r, r->shared_start, r->start + FRAMING_HEADER))
        return (piece){pp_buffer_data(r->shared[r->shared_start].buffer), length, FRAMING_HEADER,
                       length};
    return (piece){r->data + r->start + FRAMING_HEADER, length, FRAMING_HEADER + length, 0};
}

/* Bytes of `data` up to the first shared buffer, or bytes of that. */
static piece records__next_bytes(const records *r, size_t most)
{
    const records_shared *shared =
        r->shared_start < r->shared_end ? &r->shared[r->shared_start] : NULL;
    size_t until = shared ? shared->at : r->end, size;

    if (until > r->start) {
        size = records__less(until - r->start, most);
        return (piece){r->data + r->start, size, size, 0};
    }
    assert(shared); /* something is left */
    size = records__less(pp_buffer_size(shared->buffer) - r->shared_done, most);
    return (piece){(const char *)pp_buffer_data(shared->buffer) + r->shared_done, size, 0, size};
}

piece records_next(const records *r, pp_mode mode, size_t most)
{
    assert(!records_is_empty(r));
    return mode == PP_MODE_MESSAGE ? records__next_message(r) : records__next_bytes(r, most);
}

static records_tally records__count(records *r, uint64_t messages, uint64_t payload)
{
    assert(r->messages >= messages && r->payload >= payload);
    r->messages -= messages;
    r->payload -= payload;
    return (records_tally){messages, payload};
}

records_tally records_count_begun(records *r, pp_mode mode)
{
    uint64_t messages = 0, payload = 0;
    size_t at = 0, shared = 0;

    while (mode == PP_MODE_FRAMED && at + FRAMING_HEADER <= r->start) {
        uint32_t header = framing_read(r->data + at);
        bool is_shared = records__has_shared(r, shared, at + FRAMING_HEADER);
        size_t length = header & FRAMING_CONTROL || is_shared ? 0 : header;

        if (at + FRAMING_HEADER + length > r->start || (is_shared && shared >= r->shared_start))
            break;
        messages += !(header & FRAMING_CONTROL);
        payload += header & FRAMING_CONTROL ? 0 : header;
        shared += is_shared;
        at += FRAMING_HEADER + length;
    }
    return records__count(r, messages, payload);
}

static void records__drop_shared(records *r)
{
    pp_buffer_unref(&r->shared[r->shared_start++].buffer);
    r->shared_done = 0;
}

/* Reduces the piece to `bytes`. A whole message is never cut. */
static void records__cut(piece *p, size_t bytes)
{
    p->size = bytes;
    p->copied = p->copied > 0 ? bytes : 0;
    p->shared = p->shared > 0 ? bytes : 0;
}

records_tally records_done(records *r, pp_mode mode, piece *p, size_t bytes, size_t *dropped)
{
    records_tally tally = {0, 0};

    if (bytes < p->size)
        records__cut(p, bytes);
    r->start += p->copied;
    r->shared_done += p->shared;
    *dropped = p->shared > 0 && r->shared_done == pp_buffer_size(r->shared[r->shared_start].buffer);
    if (*dropped)
        records__drop_shared(r);
    if (records_is_empty(r))
        tally = records__count(r, r->messages, r->payload);
    else if (mode == PP_MODE_MESSAGE)
        tally = records__count(r, 1, p->size);
    else if (mode == PP_MODE_STREAM)
        tally = records__count(r, 0, p->size);
    return tally;
}

void records_rewind(records *r)
{
    assert(r->shared_start == r->shared_end);
    r->start = r->end = 0;
    r->shared_start = r->shared_end = 0;
    r->messages = r->payload = 0;
}

void records_free(records *r)
{
    while (r->shared_start < r->shared_end)
        records__drop_shared(r);
    mem_free(r->shared);
    mem_free(r->data);
    *r = (records){0};
}
