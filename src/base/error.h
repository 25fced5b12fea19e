/*
 * Statuses and what describes them. A Windows error becomes a status once, where it is caught, and
 * is kept beside it for the log.
 */
#ifndef PP_BASE_ERROR_H
#define PP_BASE_ERROR_H

#include "base/utf.h"
#include "pipeport.h"

/* PP_E_SYSTEM when the table knows nothing better. */
pp_status error_from_windows(uint32_t windows_error);

/* Fills in `error`, which may be NULL, and returns `status`. `format` is printf's. Values from
 * outside go in through utf_shorten, so that what is wrong with them has room. */
pp_status error_set(pp_error *error, pp_status status, uint32_t windows_error, const char *format,
                    ...);

/* The same for a Windows error: "<what>: <the system's text> (<number>)". */
pp_status error_set_windows(pp_error *error, uint32_t windows_error, const char *what);

/* PP_OK for text that is UTF-8. Other text fails with `status`, and is not repeated in the message,
 * which would be no text then. */
pp_status error_check_text(pp_error *error, pp_status status, const char *field, const char *text);

#endif
