/*
 * A thread that writes lines, so that printing never waits for a reader: a console stands still
 * while text in it is selected, and a service manager may stop reading. The queue has a limit; the
 * writer drops lines beyond it and puts a line with their number in their place.
 */
#ifndef PP_SERVER_WRITER_H
#define PP_SERVER_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct writer writer;

/* Writes whole lines, and may block; on the writer's thread. */
typedef void writer_fn(void *user, const char *lines);

/* NULL: no memory, or no thread. */
writer *writer_open(writer_fn *write, void *user);

/* Queues a line, with its line end; from any thread. Never waits. */
void writer_add(writer *w, const char *line);

/* Ends the thread once everything is written. False: `ms` passed first, and the thread is left in
 * its write. No thread may add lines any more. */
bool writer_close(writer *w, uint32_t ms);

#endif
