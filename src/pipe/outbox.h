/*
 * The outbox: what was sent and not yet handed to the transport. Senders of any thread add records
 * under the lock; the connection's turn takes all of them at once and writes them. Bytes count from
 * the moment they are accepted until they are handed over: toward the outbox's own marks, and as
 * far as they are more than each connection may have anyway, toward the port's limit.
 *
 * The rule. `filling` and what follows it is under the lock. `active` belongs to the connection's
 * turn. The outbox ends in one way only: OPEN, then perhaps ENDED (we declared the end of our
 * sending), then CLOSED (the connection ends), then perhaps ABANDONED (nobody will read).
 */
#ifndef PP_PIPE_OUTBOX_H
#define PP_PIPE_OUTBOX_H

#include "iocp/budget.h"
#include "iocp/strand.h"
#include "pipe/records.h"

typedef enum outbox_state {
    OUTBOX_OPEN,
    OUTBOX_ENDED,    /* half-closed: nothing follows what was accepted */
    OUTBOX_CLOSED,   /* the connection is closing */
    OUTBOX_ABANDONED /* nobody will read: what was queued is dropped */
} outbox_state;

typedef struct outbox {
    records active; /* being handed over */

    SRWLOCK lock; /* for what follows, but for the fixed settings */
    records filling;
    size_t queued; /* bytes here and in `active` */
    size_t copied; /* of them, those that we hold ourselves, and the cost of the others */
    outbox_state state;
    bool want_writable; /* a send was refused, and nobody was told yet that it may be tried again */
    bool want_answer;   /* it was made while a message was being delivered */
    size_t wanted;      /* bytes of the refused send */
    uint64_t refusals;  /* for the counters */
    budget_account account;

    budget *budget; /* fixed, as all that follows */
    strand *strand;
    uint64_t max_message, high_mark, low_mark;
    uint32_t most; /* bytes of one write */
    pp_mode mode;
    bool receive_only;
} outbox;

/* One write hands over at most `most` bytes, or a whole message. `event` is raised for the strand
 * when the port's limit may have room for a refused send. */
void outbox_init(outbox *o, const pp_conn_options *options, uint32_t most, budget *b, strand *s,
                 LONG event);

/* ---- For senders of any thread -------------------------------------------------------------- */

/* Accepts a message or says why not; the statuses of pp_conn_send. */
pp_status outbox_send(outbox *o, const void *data, size_t length);

/* The same for a shared buffer, of which it then holds a reference. */
pp_status outbox_send_shared(outbox *o, pp_buffer *buffer);

/* Declares the end of our sending; the statuses of pp_conn_end_sending. */
pp_status outbox_end(outbox *o);

/* Accepts no more: the connection is closing. */
void outbox_close(outbox *o);

/* Bytes that are queued; being written counts. */
size_t outbox_bytes(outbox *o);
bool outbox_is_writable(outbox *o);

/* ---- For the connection's turn -------------------------------------------------------------- */

bool outbox_has_ended(outbox *o);

/* What the next write should hand over; false: nothing. The same until outbox_done. */
bool outbox_next(outbox *o, piece *p);

/* `bytes` of the piece that outbox_next gave are handed over. */
records_tally outbox_done(outbox *o, size_t bytes);

/* Nobody will read: drops everything. Tells what was handed over before. */
records_tally outbox_abandon(outbox *o);

/* The same at the connection's end, after which it is gone. */
records_tally outbox_free(outbox *o);

/* Whether a sender that was refused may try again, or learn that nobody will read; said once, and
 * only when it `may_be_told`. When it waits for the port's limit alone, its strand's event comes.
 * Also tells how many sends were refused since the last call. */
bool outbox_has_room_again(outbox *o, bool may_be_told, uint64_t *refusals);

/* At the end of each turn: lets the port's limit go on to the next that waits. */
void outbox_pass(outbox *o);

/* Whether it keeps more memory than an idle connection should; and gives it back, as far as it is
 * not in use. */
bool outbox_is_grown(const outbox *o);
void outbox_shrink(outbox *o);

#endif
