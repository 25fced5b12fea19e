/*
 * A thread that writes lines, so that nobody who prints waits for whoever reads: a console stands
 * still while text in it is selected, and a service manager may stop reading. What waits is
 * limited; lines beyond it are dropped, and a line in their place says how many.
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

/* Takes a line, with its end; from any thread. Never waits. */
void writer_add(writer *w, const char *line);

/* Ends it when everything is written, or after `ms`: then the thread is left behind, in the middle
 * of a write, and false returned. Nobody may add lines any more. */
bool writer_close(writer *w, uint32_t ms);

#endif
