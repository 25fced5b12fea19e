/*
 * The intake: bytes that were read and not yet delivered. Its buffer is small while the connection
 * is idle. It doubles while reads fill it and spare room allows, and it grows to what a message
 * needs. Growth beyond the spare room ends as soon as the message is delivered. The first bytes do
 * not count toward the port's limit: each connection has them.
 *
 * The rule. All of it belongs to the connection's turn. While a read is pending, the transport owns
 * the memory after the unread bytes, so the buffer does not move.
 */
#ifndef PP_PIPE_INTAKE_H
#define PP_PIPE_INTAKE_H

#include "iocp/budget.h"
#include "pipe/decoder.h"

#define INTAKE_FIRST_SIZE 1024u

typedef struct intake {
    budget *budget;
    budget_account account; /* what the buffer holds of the port's limit */
    char *buffer;
    size_t size, start, end; /* unread data is from start to end */
    bool whole;              /* message mode: the unread bytes are all of a message */
    bool peer_ended;         /* the other end declared the end of its sending */
    bool untold_end;         /* the transport reported the end, and it is not delivered yet */
    unsigned small_reads;    /* reads in a row that used little of the buffer */
} intake;

/* The budget raises `event` for `owner` when it may have the room that the intake waits for. */
void intake_init(intake *in, budget *b, void *owner, LONG event);

/* At the connection's end. */
void intake_free(intake *in);

/* What comes next. */
decoded intake_look(const intake *in, const decoder *d);

/* The payload of a message that intake_look found; valid until intake_drop. */
static inline const char *intake_payload(const intake *in, const decoded *message)
{
    return in->buffer + in->start + message->skip;
}

/* intake_drop drops a message or an end that was delivered; intake_forget drops everything. */
void intake_drop(intake *in, const decoded *message);
void intake_forget(intake *in);

/* The transport says that the other end sends no more: an end follows on what is unread. */
void intake_note_end(intake *in);

/* Whether an end was delivered. */
static inline bool intake_has_ended(const intake *in)
{
    return in->peer_ended;
}

static inline bool intake_is_empty(const intake *in)
{
    return in->end == in->start;
}

static inline size_t intake_bytes(const intake *in)
{
    return in->end - in->start;
}

/* Whether something came: bytes, or a whole message of none. */
bool intake_has_anything(const intake *in);

/* Makes room for the next read, when `needed` bytes in all are known to come: the size of the part
 * that intake_look found. PP_E_AGAIN: it waits for the port's limit, and the owner's event will
 * come. PP_E_MEMORY. */
pp_status intake_make_room(intake *in, const decoder *d, size_t needed);

/* Where the next read may put bytes, and how many. intake_add adds the `bytes` that came of the
 * `room` that the read asked for; `whole`: they end a message. */
char *intake_room(const intake *in, size_t *room);
void intake_add(intake *in, size_t bytes, size_t room, bool whole);

/* Adapts the buffer to how much of it reads use: it doubles, up to `most`, or shrinks. */
void intake_adapt(intake *in, size_t bytes, size_t room, size_t most);

/* An empty buffer keeps only spare room, since others may wait for the rest. */
void intake_settle(intake *in);

/* At the end of each turn: lets the budget tell the next account that waits. */
static inline void intake_pass(intake *in)
{
    budget_pass(in->budget, &in->account);
}

/* Whether the buffer is larger than an idle connection needs. intake_shrink shrinks it if it is
 * empty. */
static inline bool intake_is_grown(const intake *in)
{
    return in->size > INTAKE_FIRST_SIZE;
}

void intake_shrink(intake *in);

#endif
