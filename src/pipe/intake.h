/*
 * The intake: bytes that were read and not yet delivered. Its buffer is small while the connection
 * is idle, doubles while reads fill it and spare room allows, and grows to what a message needs;
 * what it grew beyond the spare room goes back as soon as the message is delivered. The first bytes
 * are not counted toward the port's limit: each connection has them.
 *
 * The rule. All of it is for the connection's turn. While a read is pending, the memory after what
 * is unread belongs to the transport: the buffer is not moved then.
 */
#ifndef PP_PIPE_INTAKE_H
#define PP_PIPE_INTAKE_H

#include "iocp/budget.h"
#include "pipe/decoder.h"

typedef struct intake {
    budget *budget;
    budget_account account; /* what the buffer holds of the port's limit */
    char *buffer;
    size_t size, start, end; /* unread data is from start to end */
    bool whole;              /* message mode: it is all of a message */
    bool peer_ended;         /* the other end declared the end of its sending */
    bool untold_end;         /* the transport said so, and nobody was told yet */
    unsigned small_reads;    /* in a row that used little of the buffer */
} intake;

/* `event` is raised for `owner` when the port's limit may have room for what it waits for. */
void intake_init(intake *in, budget *b, void *owner, LONG event);

/* At the connection's end. */
void intake_free(intake *in);

/* What comes next. */
decoded intake_look(const intake *in, const decoder *d);

/* The payload of a message that intake_look found; valid until it is dropped. */
const char *intake_payload(const intake *in, const decoded *message);

/* Drops a message or an end, which was delivered; or everything. */
void intake_drop(intake *in, const decoded *message);
void intake_forget(intake *in);

/* The transport says that the other end sends no more: an end follows on what is unread. */
void intake_note_end(intake *in);

/* Whether an end was delivered. */
bool intake_has_ended(const intake *in);

bool intake_is_empty(const intake *in);

/* Whether something came: bytes, or a whole message of none. */
bool intake_has_anything(const intake *in);

/* Makes room for the next read. PP_E_AGAIN: it waits for the port's limit, and the owner's event
 * will come; PP_E_MEMORY. */
pp_status intake_make_room(intake *in, const decoder *d);

/* Where the next read may put how many bytes; intake_add says how many came of how many asked for,
 * and whether that is all of a message. */
char *intake_room(const intake *in, size_t *room);
void intake_add(intake *in, size_t bytes, size_t room, bool whole);

/* Follows how much of the buffer reads use: it doubles, up to `most`, or shrinks. */
void intake_adapt(intake *in, size_t bytes, size_t room, size_t most);

/* What is empty keeps spare room alone: others may be waiting for the rest. */
void intake_settle(intake *in);

/* At the end of each turn: lets the port's limit go on to the next that waits. */
void intake_pass(intake *in);

/* Whether it is larger than an idle connection's should be; and if it is empty, it shrinks. */
bool intake_is_grown(const intake *in);
void intake_shrink(intake *in);

#endif
