/*
 * The outbox: what was sent and not yet handed to the transport. Senders on any thread add records
 * under the lock; the connection's turn takes all of them at once and writes them. Bytes count from
 * their acceptance until the transport has them. They count toward the outbox's own marks. Beyond
 * what each connection may always have, they count toward the port's limit, too.
 *
 * The rule. The lock guards `filling` and what follows it. `active` and `lent` belong to the
 * connection's turn. The outbox ends in one way only: OPEN, then perhaps ENDED (we ended our
 * sending), then CLOSED (the connection ends), then perhaps ABANDONED (nobody will read).
 */
#ifndef PP_PIPE_OUTBOX_H
#define PP_PIPE_OUTBOX_H

#include "iocp/budget.h"
#include "iocp/strand.h"
#include "pipe/records.h"

#define OUTBOX_SMALL 1024u /* bytes of spare memory that an idle outbox keeps */

typedef enum outbox_state {
    OUTBOX_OPEN,
    OUTBOX_ENDED,    /* half-closed: nothing follows what was accepted */
    OUTBOX_CLOSED,   /* the connection is closing */
    OUTBOX_ABANDONED /* nobody will read: the outbox has dropped what was queued */
} outbox_state;

typedef struct outbox {
    records active; /* being written */
    size_t lent;    /* memory that `filling` got when the turn last took everything */

    SRWLOCK lock; /* for what follows, but not the fixed settings */
    records filling;
    size_t queued; /* bytes here and in `active` */
    size_t copied; /* of these, our own bytes, and the cost of the shared ones */
    outbox_state state;
    bool want_writable; /* a send was refused, and on_writable has not come since */
    bool want_answer;   /* that send was made while a message was being delivered */
    size_t wanted;      /* bytes of the refused send */
    uint64_t refusals;  /* sends refused since the last count */
    budget_account account;

    budget *budget; /* fixed, as all that follows */
    strand *strand;
    uint64_t max_message, high_mark, low_mark;
    uint32_t most; /* bytes of one write */
    pp_mode mode;
    bool receive_only;
} outbox;

/* One write takes at most `most` bytes, or a whole message. The budget raises `event` for the
 * strand when it may have room for a refused send. */
void outbox_init(outbox *o, const pp_conn_options *options, uint32_t most, budget *b, strand *s,
                 LONG event);

/* ---- For senders of any thread -------------------------------------------------------------- */

/* Accepts a message or refuses it; the statuses of pp_conn_send. */
pp_status outbox_send(outbox *o, const void *data, size_t length);

/* The same for a shared buffer; if it is accepted, the outbox takes a reference. */
pp_status outbox_send_shared(outbox *o, pp_buffer *buffer);

/* Declares the end of our sending; the statuses of pp_conn_end_sending. */
pp_status outbox_end(outbox *o);

/* Accepts no more: the connection closes. */
void outbox_close(outbox *o);

/* Bytes in the queue, with what is being written. */
size_t outbox_bytes(outbox *o);
bool outbox_is_writable(outbox *o);

/* ---- For the connection's turn -------------------------------------------------------------- */

bool outbox_has_ended(outbox *o);

/* Whether what is written is whole messages. */
static inline bool outbox_is_between(const outbox *o)
{
    return records_is_empty(&o->active);
}

/* What to write next; the same until outbox_done. False: nothing. */
bool outbox_next(outbox *o, piece *p);

/* The transport took `bytes` of the piece that outbox_next gave. */
records_tally outbox_done(outbox *o, size_t bytes);

/* Nobody will read: drops everything. Returns what was handed over before. */
records_tally outbox_abandon(outbox *o);

/* The same at the connection's end. Afterwards the outbox has no memory, and refuses every sender.
 */
records_tally outbox_free(outbox *o);

/* Whether a refused sender may try again, or learn that nobody will read. True once for each
 * refusal, and only if it `may_be_told`. If only the port's limit refuses, the strand's event comes
 * later. `*refusals`: the sends refused since the last call. */
bool outbox_has_room_again(outbox *o, bool may_be_told, uint64_t *refusals);

/* At the end of each turn: lets the budget tell the next account that waits. */
static inline void outbox_pass(outbox *o)
{
    budget_pass(o->budget, &o->account);
}

/* Whether the outbox keeps more memory than an idle connection needs. outbox_shrink frees the
 * memory that is not in use. */
static inline bool outbox_is_grown(const outbox *o)
{
    return o->active.size > OUTBOX_SMALL || o->lent > OUTBOX_SMALL;
}

void outbox_shrink(outbox *o);

#endif
