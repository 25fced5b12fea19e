/*
 * The buffer of the read side. It is small while the connection is idle, doubles while reads fill
 * it and spare room allows, and grows to what a message needs; what it grew beyond the spare room
 * goes back as soon as the message is delivered. All of it is for the connection's turn.
 */
#ifndef PP_PIPE_CONN_READ_H
#define PP_PIPE_CONN_READ_H

#include "pipe/conn.h"

#define READ_FIRST_SIZE 1024u

static inline size_t read_unread(const pp_conn *c)
{
    return c->read.end - c->read.start;
}

/* Gives the buffer this size, keeping what is unread, which must fit. PP_E_AGAIN: there is no room
 * within the port's limit, as far as `reach` goes; PP_E_MEMORY. */
pp_status read_buffer_resize(pp_conn *c, size_t size, budget_reach reach);

/* Makes room for a message of which `size` bytes in all are known to come; false: it waits for the
 * room, or the connection ends. */
bool read_buffer_grow(pp_conn *c, size_t size);

/* A read came that used `bytes` of the room it was given: is the buffer of the right size? */
void read_buffer_adapt(pp_conn *c, size_t bytes, size_t room);

/* What is empty keeps spare room alone: the others may be waiting for the rest. */
void read_buffer_settle(pp_conn *c);

#endif
