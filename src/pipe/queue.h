/*
 * What was sent and not yet handed to the kernel. Senders of any thread append under the lock; the
 * connection's turn takes the whole buffer at once and writes it. Bytes count from the moment they
 * are accepted until their write has completed.
 *
 * A record is a message as it will be written: in stream mode its bytes, in framed mode with the
 * frame's header, and in message mode with the same header, which then only tells where it ends.
 */
#ifndef PP_PIPE_QUEUE_H
#define PP_PIPE_QUEUE_H

#include "base/win.h"
#include "iocp/budget.h"
#include "pipeport.h"

/* A shared buffer whose bytes come when `start` has reached `at`. */
typedef struct queue_shared {
    size_t at;
    pp_buffer *buffer;
} queue_shared;

typedef struct queue_buffer {
    char *data;
    size_t size, start, end;
    queue_shared *shared; /* in order; from shared_start to shared_end */
    size_t shared_size, shared_start, shared_end;
    size_t shared_done;         /* bytes of the first that are written */
    uint64_t messages, payload; /* what it holds, for the counters */
} queue_buffer;

typedef struct send_queue {
    SRWLOCK lock; /* for everything here but the fixed settings */
    queue_buffer filling;
    size_t queued;      /* bytes here and being written */
    size_t counted;     /* of them, those that count toward the port's limit */
    bool accepting;     /* false once the connection is closing */
    bool want_writable; /* a send was refused, and nobody was told yet that there is room */
    size_t wanted;      /* bytes of the refused send */
    uint64_t refusals;  /* for the counters */

    pp_mode mode; /* fixed, as all that follows */
    bool half_close, receive_only;
    uint64_t max_message, high_mark, low_mark;
    budget *budget;
    struct strand *strand;
} send_queue;

void queue_init(send_queue *q, const pp_conn_options *options, budget *b, struct strand *s);

/* Accepts a message or says why not; the statuses of pp_conn_send. */
pp_status queue_send(send_queue *q, const void *data, size_t length);

/* The same for a shared buffer, of which it then holds a reference. */
pp_status queue_send_shared(send_queue *q, pp_buffer *buffer);

/* Declares the end of sending and accepts no more. */
pp_status queue_end(send_queue *q);

/* Accepts no more. */
void queue_close(send_queue *q);

/* Moves everything that was accepted to `taken`, whose memory becomes the next to fill. */
void queue_take_all(send_queue *q, queue_buffer *taken);

/* So many bytes have been written; of them, those that were copied counted toward the limit. */
void queue_done(send_queue *q, size_t copied, size_t shared);

/* Gives up everything in `taken` and here. */
void queue_drop_all(send_queue *q, queue_buffer *taken);

static inline bool queue_buffer_is_empty(const queue_buffer *b)
{
    return b->start == b->end && b->shared_start == b->shared_end;
}

typedef enum queue_room {
    QUEUE_ROOM_UNASKED, /* nobody was refused, or the queue must fall first */
    QUEUE_ROOM_STARVED, /* a refused sender waits only for the port's limit */
    QUEUE_ROOM_AGAIN    /* a refused sender may try again; said once */
} queue_room;

/* Also tells how many sends were refused since the last call, and what a starved one needs besides
 * its own bytes. */
queue_room queue_look_for_room(send_queue *q, uint64_t *refusals, size_t *bytes, size_t *own);

size_t queue_bytes(send_queue *q);
bool queue_is_writable(send_queue *q);

/* Frees spare memory, as far as nothing is queued. */
void queue_trim(send_queue *q);

/* Drops the first shared buffer, which is written. */
void queue_buffer_drop_shared(queue_buffer *b);

/* Makes an empty one ready to be filled again, and frees its memory. */
void queue_buffer_rewind(queue_buffer *b);
void queue_buffer_free(queue_buffer *b);

#endif
