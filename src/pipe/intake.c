#include "pipe/intake.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define INTAKE__SMALL_IN_A_ROW 64 /* small reads after which the buffer shrinks */

void intake_init(intake *in, budget *b, void *owner, LONG event)
{
    *in = (intake){.budget = b};
    budget_account_init(&in->account, BUDGET_MESSAGE, owner, event);
}

void intake_free(intake *in)
{
    mem_free(in->buffer);
    in->buffer = NULL;
    budget_shrink(in->budget, &in->account, budget_held(&in->account));
    budget_close(in->budget, &in->account);
}

static size_t intake__unread(const intake *in)
{
    assert(in->end >= in->start && in->size >= in->end);
    return in->end - in->start;
}

bool intake_has_anything(const intake *in)
{
    return !intake_is_empty(in) || in->whole;
}

void intake_note_end(intake *in)
{
    in->untold_end = true;
}

/* ---- What came ------------------------------------------------------------------------------ */

decoded intake_look(const intake *in, const decoder *d)
{
    decoded next;

    if (!intake_has_anything(in) && !in->untold_end) /* most often, and not worth decoding */
        return (decoded){.kind = DECODED_PART, .size = 1};
    next = decoder_look(d, in->buffer + in->start, intake__unread(in), in->whole);
    if (next.kind == DECODED_PART && in->untold_end)
        next = (decoded){.kind = DECODED_END};
    if (in->peer_ended && (next.kind == DECODED_MESSAGE || next.kind == DECODED_END))
        next = (decoded){.kind = DECODED_WRONG, .why = PP_E_PROTOCOL};
    return next;
}

void intake_drop(intake *in, const decoded *message)
{
    in->start += message->size;
    if (intake__unread(in) == 0)
        in->start = in->end = 0;
    in->whole = false;
    if (message->kind == DECODED_END) {
        in->peer_ended = true;
        in->untold_end = false;
    }
}

void intake_forget(intake *in)
{
    in->start = in->end = 0;
    in->whole = false;
}

char *intake_room(const intake *in, size_t *room)
{
    *room = in->size - in->end;
    return in->buffer + in->end;
}

void intake_add(intake *in, size_t bytes, size_t room, bool whole)
{
    assert(bytes <= room && room <= in->size - in->end);
    in->end += bytes;
    in->whole = whole;
}

/* ---- The buffer ----------------------------------------------------------------------------- */

/* Moves the unread bytes to the beginning. */
static void intake__compact(intake *in)
{
    if (in->start == 0)
        return;
    memmove(in->buffer, in->buffer + in->start, intake__unread(in));
    in->end -= in->start;
    in->start = 0;
}

/* Gives the buffer this size, which the unread bytes fit into. PP_E_AGAIN: the port's limit has no
 * room up to `reach`. PP_E_MEMORY. */
static pp_status intake__resize(intake *in, size_t size, budget_reach reach)
{
    uint64_t counted = size > INTAKE_FIRST_SIZE ? size - INTAKE_FIRST_SIZE : 0;
    uint64_t held = budget_held(&in->account);
    char *buffer;

    assert(size >= intake__unread(in));
    if (counted > held && !budget_grow(in->budget, &in->account, counted - held, reach))
        return PP_E_AGAIN;
    intake__compact(in);
    buffer = mem_resize(in->buffer, size);
    if (!buffer) {
        budget_shrink(in->budget, &in->account, counted > held ? counted - held : 0);
        return PP_E_MEMORY;
    }
    in->buffer = buffer;
    in->size = size;
    budget_shrink(in->budget, &in->account, counted < held ? held - counted : 0);
    return PP_OK;
}

/* Makes room for `size` bytes in all, or waits for it. */
static pp_status intake__grow(intake *in, size_t size)
{
    pp_status status = in->size >= size ? PP_OK : intake__resize(in, size, BUDGET_RESERVE);

    if (status == PP_E_AGAIN)
        budget_wait(in->budget, &in->account, size - in->size, BUDGET_RESERVE);
    return status;
}

/* In message mode nobody knows how much more comes. The buffer doubles, up to one byte more than
 * the longest message: that byte shows that a message is too long. */
static size_t intake__enough(const intake *in, const decoder *d, size_t needed)
{
    size_t most = (size_t)d->max_message + 1;

    if (d->mode != PP_MODE_MESSAGE || needed <= in->size)
        return needed;
    return in->size * 2 < most ? in->size * 2 : most;
}

pp_status intake_make_room(intake *in, const decoder *d, size_t needed)
{
    if (!in->buffer && intake__resize(in, INTAKE_FIRST_SIZE, BUDGET_SPARE) != PP_OK)
        return PP_E_MEMORY;
    intake__compact(in);
    return intake__grow(in, intake__enough(in, d, needed));
}

void intake_adapt(intake *in, size_t bytes, size_t room, size_t most)
{
    if (bytes == room && in->size < most) {
        in->small_reads = 0;
        intake__resize(in, in->size * 2, BUDGET_SPARE); /* without it, reads stay smaller */
        return;
    }
    in->small_reads = bytes < in->size / 4 ? in->small_reads + 1 : 0;
    if (in->small_reads < INTAKE__SMALL_IN_A_ROW || in->size <= INTAKE_FIRST_SIZE)
        return;
    in->small_reads = 0;
    if (intake__unread(in) < in->size / 2)
        intake__resize(in, in->size / 2, BUDGET_SPARE);
}

void intake_settle(intake *in)
{
    if (intake_is_empty(in) && budget_held(&in->account) > budget_spare(&in->account))
        intake__resize(in, INTAKE_FIRST_SIZE + (size_t)budget_spare(&in->account), BUDGET_SPARE);
}

void intake_shrink(intake *in)
{
    if (!intake_is_grown(in) || !intake_is_empty(in))
        return;
    in->small_reads = 0;
    intake__resize(in, INTAKE_FIRST_SIZE, BUDGET_SPARE);
}
