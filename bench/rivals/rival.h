/*
 * What the rivals have in common and what is no part of the comparison: the command line, the ready
 * line, pipes of 64 KiB a direction, the buffer of a connection, and the measuring of their
 * clients.
 *
 *     RIVAL NAME                          an echo server: what a read brought leaves in one write
 *     RIVAL NAME framed                   answers each message with one send call
 *     RIVAL NAME drive CLIENTS SECONDS WARMUP
 *                                         a client of `framed`: it keeps 64 messages of 64 bytes
 *                                         outstanding and prints how many came back a second
 *
 * A message carries its length in 4 bytes, little-endian, before its data. Ctrl-C ends the process
 * with status 0: a rival has nothing to hand over.
 */
#ifndef RIVAL_H
#define RIVAL_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
#define RIVAL_NORETURN [[noreturn]]
extern "C" {
#else
#define RIVAL_NORETURN _Noreturn
#endif

#define RIVAL_BUFFER 65536 /* a quota of the kernel's, and the longest read */
#define RIVAL_SIZE 64      /* bytes of a message, without its length */
#define RIVAL_DEPTH 64     /* messages that a client keeps outstanding */

typedef struct rival {
    char path[280];
    bool framed; /* messages; else bytes */
    bool drives; /* the client */
    unsigned clients;
    double seconds, warmup;
} rival;

/* Reads the command line and installs Ctrl-C. Ends the process with status 2 on wrong arguments. */
void rival_start(rival *r, int count, char **arguments);

/* Ends the process with status 1, and says why. */
RIVAL_NORETURN void rival_die(const char *what, DWORD error);

/* A new instance of the pipe: duplex, bytes. `flags` go to the open mode. */
HANDLE rival_instance(const rival *r, DWORD flags);

/* A client's end, as soon as there is one. */
HANDLE rival_open(const rival *r, DWORD flags);

/* Clients can connect: prints the ready line. */
void rival_ready(const rival *r);

/* Messages came back. */
void rival_count(unsigned messages);

/* All clients are connected: measures from now on, prints a line of JSON, and ends the process. */
void rival_measure(const rival *r);

/* What a connection has read and not yet sent. */
typedef struct rival_buffer {
    size_t filled, sent;
    char data[RIVAL_BUFFER];
} rival_buffer;

/* Empty for a server; for a client the messages that it keeps outstanding. NULL: no memory. */
rival_buffer *rival_buffer_open(const rival *r);

/* The next thing to send, and its length: all that is there, or one whole message. 0: read on, to
 * the place and of the size that rival_buffer_space tells. */
size_t rival_buffer_next(rival_buffer *b, const rival *r, char **data);
size_t rival_buffer_space(rival_buffer *b, char **data);

/* A read brought so many bytes. */
void rival_buffer_add(rival_buffer *b, size_t length);

/* The length of the message that these bytes begin with, its 4 bytes included. 0: not all there. */
size_t rival_message(const char *data, size_t length);

#ifdef __cplusplus
}
#endif
#endif
