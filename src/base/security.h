/*
 * Who may open a name: a security descriptor made of a pp_access. By default it admits the current
 * user, SYSTEM and Administrators. `allow` adds readers and writers; an SDDL string replaces all of
 * it.
 */
#ifndef PP_BASE_SECURITY_H
#define PP_BASE_SECURITY_H

#include "base/error.h"
#include "base/win.h"

/* All rights that reading and writing need, without FILE_CREATE_PIPE_INSTANCE (0x4), which
 * GENERIC_WRITE includes. */
#define SECURITY_STRICT_RIGHTS 0x12019Bu

typedef struct security {
    SECURITY_ATTRIBUTES attributes; /* for the Windows calls; children do not inherit the handle */
} security;

/* Makes the descriptor. With `deny_network`, for kinds of names that have no flag against other
 * machines, it denies all network logons but our own. PP_E_SECURITY, PP_E_ARGUMENT, PP_E_MEMORY. */
pp_status security_open(security *s, const pp_access *access, bool deny_network, pp_error *error);
void security_close(security *s);

#endif
