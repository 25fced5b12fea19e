/* Who may do what: descriptors. */
#ifndef SIM_SECURITY_H
#define SIM_SECURITY_H

#include "sids.h"

typedef struct descriptor descriptor;

/* For whom the running thread acts. */
subject security_here(void);

/* Whether that is a client. */
bool security_thread_acts(void);

/* A copy; without a descriptor, what Windows gives a pipe or a mailslot. */
descriptor *security_copy(const void *descriptor);
descriptor *security_default(bool slot);
void security_free(descriptor *d);

/* Whether somebody may have these rights: an error, or 0. */
DWORD security_check(const descriptor *d, const subject *who, DWORD rights);

#endif
