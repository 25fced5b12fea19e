/* Who may do what: SIDs, descriptors and tokens. */
#ifndef SIM_SECURITY_H
#define SIM_SECURITY_H

#include "sim.h"

#include <sddl.h>

#define SIM_CREATE_INSTANCE 4u /* FILE_CREATE_PIPE_INSTANCE, which is FILE_APPEND_DATA */

typedef struct descriptor descriptor;

descriptor *security_copy(const void *descriptor);
void security_free(descriptor *d);

/* Whether a process may have these rights. No descriptor: everybody may. */
bool security_allows(const descriptor *d, const sim_process *process, DWORD rights);

/* The owner's SID; and a token of a process, as a handle. */
void *security_owner(descriptor *d);
HANDLE security_token(const sim_process *process);

#endif
