/*
 * Statuses, and what describes them. The code that catches a Windows error makes a status of it,
 * once, and keeps the error beside that for the log.
 */
#ifndef PP_BASE_ERROR_H
#define PP_BASE_ERROR_H

#include "base/utf.h"
#include "pipeport.h"

/* The status that a Windows error means; PP_E_SYSTEM if the table does not have the error. */
pp_status error_from_windows(uint32_t windows_error);

/* Fills in `error`, which may be NULL, and returns `status`. `format` is printf's. Shorten values
 * from outside with utf_shorten, so that the reason has room. */
pp_status error_set(pp_error *error, pp_status status, uint32_t windows_error, const char *format,
                    ...);

/* The same for a Windows error: "<what>: <the system's text> (<number>)". */
pp_status error_set_windows(pp_error *error, uint32_t windows_error, const char *what);

/* PP_OK for text that is UTF-8. Other text fails with `status`. The message does not repeat it,
 * since the message itself would not be text then. */
pp_status error_check_text(pp_error *error, pp_status status, const char *field, const char *text);

#endif
