/*
 * What was sent and not yet handed to the kernel. Senders of any thread append under the lock; the
 * connection's turn takes the whole buffer at once and writes it. Bytes count from the moment they
 * are accepted until their write has completed: toward the queue's own marks, and as far as there
 * are more of them than each connection may have anyway, toward the port's limit.
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
    uint64_t messages, payload; /* of them, what was not counted yet as handed over */
} queue_buffer;

typedef struct send_queue {
    SRWLOCK lock; /* for everything here but the fixed settings */
    queue_buffer filling;
    size_t queued;      /* bytes here and being written */
    size_t copied;      /* of them, those that we hold ourselves, and what the others cost */
    bool accepting;     /* false once the connection is closing */
    bool abandoned;     /* nobody is there to write to: what was queued is dropped */
    bool want_writable; /* a send was refused, and nobody was told yet that there is room */
    bool want_answer;   /* it was made while a message was being delivered */
    size_t wanted;      /* bytes of the refused send */
    uint64_t refusals;  /* for the counters */
    budget_account account;

    pp_mode mode; /* fixed, as all that follows */
    bool half_close, receive_only;
    uint64_t max_message, high_mark, low_mark;
    budget *budget;
    struct strand *strand;
} send_queue;

/* `event` is raised for the strand when there may be room again within the port's limit. */
void queue_init(send_queue *q, const pp_conn_options *options, budget *b, struct strand *s,
                LONG event);

/* Accepts a message or says why not; the statuses of pp_conn_send. */
pp_status queue_send(send_queue *q, const void *data, size_t length);

/* The same for a shared buffer, of which it then holds a reference. */
pp_status queue_send_shared(send_queue *q, pp_buffer *buffer);

/* Declares the end of sending and accepts no more. */
pp_status queue_end(send_queue *q);

/* Accepts no more. */
void queue_close(send_queue *q);

/* Whether it accepts no more, and everything is written. */
bool queue_is_over(send_queue *q);

/* Moves everything that was accepted to `taken`, whose memory becomes the next to fill. */
void queue_take_all(send_queue *q, queue_buffer *taken);

/* So many bytes have been written, and so many shared buffers to their end. */
void queue_done(send_queue *q, size_t copied, size_t shared, size_t buffers);

/* Nobody is there to write to: accepts no more, and gives up everything in `taken` and here. */
void queue_abandon(send_queue *q, queue_buffer *taken);

/* The same at the connection's end. */
void queue_free(send_queue *q, queue_buffer *taken);

static inline bool queue_buffer_is_empty(const queue_buffer *b)
{
    return b->start == b->end && b->shared_start == b->shared_end;
}

/* Whether a sender that was refused may try again, or learn that nobody is there; said once, and
 * only when it `may_be_told`. When it waits for the port's limit alone, its strand's event comes.
 * Also tells how many sends were refused since the last call. */
bool queue_has_room_again(send_queue *q, bool may_be_told, uint64_t *refusals);

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
