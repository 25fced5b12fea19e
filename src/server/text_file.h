/*
 * Text files that people wrote: UTF-8 with or without a byte order mark, or UTF-16 with one, which
 * is what Notepad writes.
 */
#ifndef PP_SERVER_TEXT_FILE_H
#define PP_SERVER_TEXT_FILE_H

#include "base/error.h"

#define TEXT_FILE_MOST (1024u * 1024) /* bytes */

/* Reads the file; `*text` receives it as UTF-8, for mem_free. A failure is one line that begins
 * with the file's name: PP_E_ARGUMENT for what is no text, or the status of the Windows error. */
pp_status text_file_read(const char *path, char **text, pp_error *error);

#endif
