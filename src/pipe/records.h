/*
 * Records: messages as they will be written, in order. Most bytes are copied into one buffer; those
 * of shared buffers stay where they are, and a list says where they belong.
 *
 * In stream mode a record is the message's bytes, in framed mode they follow the frame's header,
 * and in message mode the same header, which only tells where the record ends and is not written.
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
    size_t shared_done;         /* bytes of the first that are written */
    uint64_t messages, payload; /* of them, those that were not counted yet as handed over */
} records;

/* What one write hands over. */
typedef struct piece {
    const char *data;
    size_t size;
    size_t copied; /* bytes of the buffer that it uses up, with headers that are not written */
    size_t shared; /* bytes of the first shared buffer */
} piece;

/* What was handed over, for the counters. */
typedef struct records_tally {
    uint64_t messages, payload;
} records_tally;

static inline bool records_is_empty(const records *r)
{
    return r->start == r->end && r->shared_start == r->shared_end;
}

/* Room for so many more bytes, and shared buffers. False: no memory. */
bool records_make_room(records *r, size_t bytes, size_t shared);

/* Add to the last record; room for it was made. A shared buffer's reference is taken. */
void records_add(records *r, const void *data, size_t length);
void records_add_header(records *r, uint32_t header);
void records_add_shared(records *r, pp_buffer *buffer);

/* What the next write should hand over, at most `most` bytes; in message mode a whole message.
 * They are not empty. The same until records_done. */
piece records_next(const records *r, pp_mode mode, size_t most);

/* `bytes` of the piece are handed over, and `p` becomes what that was. The records that this
 * completes, for the counters. `*dropped`: the shared buffers that this used up. */
records_tally records_done(records *r, pp_mode mode, piece *p, size_t bytes, size_t *dropped);

/* Frames are counted when the last of them is handed over. At an end before that: those that are.
 */
records_tally records_count_begun(records *r, pp_mode mode);

/* Makes empty ones ready to be filled again, and frees their memory. */
void records_rewind(records *r);
void records_free(records *r);

#endif
