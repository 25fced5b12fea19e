/*
 * Who may open a name: a security descriptor built from a pp_access. By default the current user,
 * SYSTEM and Administrators; `allow` adds readers and writers; an SDDL string replaces it all.
 */
#ifndef PP_BASE_SECURITY_H
#define PP_BASE_SECURITY_H

#include "base/error.h"
#include "base/win.h"

/* Everything that reading and writing needs, without FILE_CREATE_PIPE_INSTANCE (0x4), which
 * GENERIC_WRITE includes. */
#define SECURITY_STRICT_RIGHTS 0x12019Bu

typedef struct security {
    SECURITY_ATTRIBUTES attributes; /* what the Windows calls take; the handle is not inherited */
} security;

/* With `deny_network`, for names that have no flag against other machines, network logons but our
 * own are denied. PP_E_SECURITY, PP_E_ARGUMENT, PP_E_MEMORY. */
pp_status security_open(security *s, const pp_access *access, bool deny_network, pp_error *error);
void security_close(security *s);

#endif
