/*
 * Records: messages as the transport will write them, in order. Most bytes are copied into one
 * buffer. Those of shared buffers stay where they are, and a list says where they belong.
 *
 * In stream mode a record is the bytes of the message. In framed mode the frame's header precedes
 * them. In message mode the same header does, but it is not written: it only tells where the record
 * ends.
 */
#ifndef PP_PIPE_RECORDS_H
#define PP_PIPE_RECORDS_H

#include "pipeport.h"

/* A shared buffer whose bytes come when `start` has reached `at`. */
typedef struct records_shared {
    size_t at;
    pp_buffer *buffer;
} records_shared;

typedef struct records {
    char *data;
    size_t size, start, end;
    records_shared *shared; /* in order; from shared_start to shared_end */
    size_t shared_size, shared_start, shared_end;
    size_t shared_done;         /* bytes of the first shared buffer that are written */
    uint64_t messages, payload; /* of the messages that are not counted as written yet */
} records;

/* What one write hands over. */
typedef struct piece {
    const char *data;
    size_t size;
    size_t copied; /* bytes of `data` that it uses up, with headers that are not written */
    size_t shared; /* bytes of the first shared buffer */
} piece;

/* What was written, for the counters. */
typedef struct records_tally {
    uint64_t messages, payload;
} records_tally;

static inline bool records_is_empty(const records *r)
{
    return r->start == r->end && r->shared_start == r->shared_end;
}

/* For records_make_room, where there is no room: more bytes; more places for shared buffers. */
bool records_grow(records *r, size_t bytes);
bool records_grow_shared(records *r);

/* Makes room for so many more bytes, and perhaps a shared buffer. False: no memory. */
static inline bool records_make_room(records *r, size_t bytes, bool shared)
{
    return (r->size - r->end >= bytes || records_grow(r, bytes)) &&
           (!shared || r->shared_size > r->shared_end || records_grow_shared(r));
}

/* Add to the last record, after records_make_room. A shared buffer gets a reference more. */
void records_add(records *r, const void *data, size_t length);
void records_add_header(records *r, uint32_t header);
void records_add_shared(records *r, pp_buffer *buffer);

/* What to write next, at most `most` bytes; in message mode a whole message. The same until
 * records_done. The records are not empty. */
piece records_next(const records *r, pp_mode mode, size_t most);

/* The transport took `bytes` of the piece, and `p` becomes that part of it. Returns the messages
 * that this completes, for the counters. `*dropped`: the shared buffers that this used up. */
records_tally records_done(records *r, pp_mode mode, piece *p, size_t bytes, size_t *dropped);

/* Frames count when the last of them is written. At an earlier end, this counts those that are. */
records_tally records_count_begun(records *r, pp_mode mode);

/* records_rewind makes empty records ready for new ones; records_free frees their memory. */
void records_rewind(records *r);
void records_free(records *r);

#endif
