/*
 * Lines on standard output and standard error, each written whole, so that lines of several threads
 * do not mix and a reader sees a line as soon as it is there. To a file or a pipe they are UTF-8
 * and end in "\n" alone; a console gets its own UTF-16, and "?" for what is no text.
 *
 * A command whose product is its output writes where it stands and ends with output_status. The
 * server must not wait for whoever reads: between output_open and output_close each stream has a
 * thread of its own, which nobody waits for without a bound.
 */
#ifndef PP_SERVER_OUTPUT_H
#define PP_SERVER_OUTPUT_H

#include <stdbool.h>

typedef enum output_stream { OUTPUT_STDOUT, OUTPUT_STDERR } output_stream;

/* From here on printing never waits. False: there is no memory, or no thread; still to be paired.
 */
bool output_open(void);

/* Gives each stream a moment to write what waits. */
void output_close(void);

/* `line` comes without its end; control characters, which could fake one, become "?". */
void output_line(output_stream stream, const char *line);

/* The same as printf has it; a line that is too long is cut. */
void output_format(output_stream stream, const char *format, ...);

/* A text of several lines, as it is. */
void output_text(output_stream stream, const char *text);

/* What a command ends with: `status`; or, when a part of standard output could not be written, says
 * so and returns EXITS_FAILED. */
int output_status(int status);

#endif
