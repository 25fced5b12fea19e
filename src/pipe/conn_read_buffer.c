#include "base/mem.h"
#include "pipe/conn_read.h"

#include <string.h>

#define READ__MOST_SIZE (64u * 1024) /* as far as filling doubles it */
#define READ__SMALL_IN_A_ROW 64 /* reads that used less than a quarter: the buffer is too large */

/* The first READ_FIRST_SIZE bytes are not counted: each connection has them. */
pp_status read_buffer_resize(pp_conn *c, size_t size, budget_reach reach)
{
    conn_reader *r = &c->read;
    budget *b = &port_of(&c->strand)->budget;
    uint64_t counted = size > READ_FIRST_SIZE ? size - READ_FIRST_SIZE : 0;
    uint64_t held = budget_held(&r->account);
    char *buffer;

    if (counted > held && !budget_grow(b, &r->account, counted - held, reach))
        return PP_E_AGAIN;
    if (read_unread(c) > 0)
        memmove(r->buffer, r->buffer + r->start, read_unread(c));
    r->end -= r->start;
    r->start = 0;
    buffer = mem_resize(r->buffer, size);
    if (!buffer) {
        budget_shrink(b, &r->account, counted > held ? counted - held : 0);
        return PP_E_MEMORY;
    }
    r->buffer = buffer;
    r->size = size;
    budget_shrink(b, &r->account, counted < held ? held - counted : 0);
    if (counted > 0)
        conn_plan_trim(c);
    return PP_OK;
}

void read_free(pp_conn *c)
{
    budget *b = &port_of(&c->strand)->budget;

    mem_free(c->read.buffer);
    c->read.buffer = NULL;
    budget_shrink(b, &c->read.account, budget_held(&c->read.account));
    budget_close(b, &c->read.account);
}

void read_trim(pp_conn *c)
{
    conn_reader *r = &c->read;

    if (r->size <= READ_FIRST_SIZE || read_unread(c) > 0)
        return;
    r->small_reads = 0;
    if (r->operation.pending)
        kernel_cancel(&port_of(&c->strand)->kernel, &c->pipe,
                      &r->operation.op); /* then it is read with less */
    else
        read_buffer_resize(c, READ_FIRST_SIZE, BUDGET_SPARE);
}

void read_buffer_settle(pp_conn *c)
{
    conn_reader *r = &c->read;

    if (!r->operation.pending && read_unread(c) == 0 &&
        r->account.general + r->account.reserved > 0)
        read_buffer_resize(c, READ_FIRST_SIZE + (size_t)r->account.spare, BUDGET_SPARE);
}

void read_buffer_adapt(pp_conn *c, size_t bytes, size_t room)
{
    conn_reader *r = &c->read;

    if (bytes == room && r->size < READ__MOST_SIZE) {
        r->small_reads = 0;
        read_buffer_resize(c, r->size * 2,
                           BUDGET_SPARE); /* without it the reads are only smaller */
        return;
    }
    r->small_reads = bytes < r->size / 4 ? r->small_reads + 1 : 0;
    if (r->small_reads < READ__SMALL_IN_A_ROW || r->size <= READ_FIRST_SIZE)
        return;
    r->small_reads = 0;
    if (read_unread(c) < r->size / 2)
        read_buffer_resize(c, r->size / 2, BUDGET_SPARE);
}

bool read_buffer_grow(pp_conn *c, size_t size)
{
    pp_status status = c->read.size >= size ? PP_OK : read_buffer_resize(c, size, BUDGET_RESERVE);

    if (status == PP_E_AGAIN)
        budget_wait(&port_of(&c->strand)->budget, &c->read.account, size - c->read.size,
                    BUDGET_RESERVE);
    else if (status != PP_OK)
        conn_end(c, status);
    return status == PP_OK;
}
