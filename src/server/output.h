/*
 * Lines on standard output and standard error, each written at once and whole, so that lines of
 * several threads do not mix and a reader sees a line as soon as it is there. To a file or a pipe
 * they are UTF-8 and end in "\n" alone; a console gets its own UTF-16.
 */
#ifndef PP_SERVER_OUTPUT_H
#define PP_SERVER_OUTPUT_H

typedef enum output_stream { OUTPUT_STDOUT, OUTPUT_STDERR } output_stream;

/* `line` comes without its end; control characters, which could fake one, become "?". */
void output_line(output_stream stream, const char *line);

/* The same as printf has it; a line that is too long is cut. */
void output_format(output_stream stream, const char *format, ...);

/* A text of several lines, as it is. */
void output_text(output_stream stream, const char *text);

#endif
