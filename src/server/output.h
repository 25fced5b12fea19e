/*
 * Lines on standard output and standard error. Each is written whole, so that lines of several
 * threads do not mix and a reader sees a line at once. A file or a pipe gets UTF-8 with "\n" as the
 * line end; a console gets UTF-16, with "?" for malformed text.
 *
 * A command whose product is its output writes on the calling thread and ends with output_status.
 * The server must not wait for a reader: between output_open and output_close each stream has a
 * writer thread, and every wait for that thread has a limit.
 */
#ifndef PP_SERVER_OUTPUT_H
#define PP_SERVER_OUTPUT_H

#include <stdbool.h>

typedef enum output_stream { OUTPUT_STDOUT, OUTPUT_STDERR } output_stream;

/* From here on printing never waits. False: no memory, or no thread; output_close is still due. */
bool output_open(void);

/* Gives each stream two seconds for the lines that wait. */
void output_close(void);

/* `line` has no line end; control characters become "?", since they could fake a line. */
void output_line(output_stream stream, const char *line);

/* The same with printf's format; a line that is too long is cut. */
void output_format(output_stream stream, const char *format, ...);

/* A text of several lines, as it is. */
void output_text(output_stream stream, const char *text);

/* The exit status of a command: `status`, or EXITS_FAILED with a message when a part of standard
 * output could not be written. */
int output_status(int status);

#endif
