/*
 * Acting as the client of a pipe, with its rule; and the owner of a pipe.
 */
#include "pipes.h"

/* Whom each thread acts for: by the thread's own slot. */
static const sim_process *impersonated;

BOOL OpenThreadToken(HANDLE thread, DWORD rights, BOOL as_self, HANDLE *made)
{
    (void)thread, (void)rights, (void)as_self;
    if (!impersonated)
        return sim_error(ERROR_NOT_FOUND);
    *made = security_token(impersonated);
    return TRUE;
}

/* No other thread may run before the library has gone back. */
BOOL ImpersonateNamedPipeClient(HANDLE handle)
{
    pipe_end *e = pipes_look(handle);

    if (!e || !e->server)
        return FALSE;
    if (!e->instance->client)
        return sim_error(ERROR_PIPE_NOT_CONNECTED);
    if (!e->instance->was_read || e->instance->client_level == SECURITY_ANONYMOUS)
        return sim_error(ERROR_CANNOT_IMPERSONATE);
    impersonated = e->instance->client->owner;
    return TRUE;
}

BOOL RevertToSelf(void)
{
    impersonated = NULL;
    return TRUE;
}

BOOL GetKernelObjectSecurity(HANDLE handle, DWORD what, PSECURITY_DESCRIPTOR sd, DWORD size,
                             DWORD *used)
{
    pipe_end *e = (pipe_end *)sim_look(handle, SIM_PIPE);

    (void)what;
    sim_point();
    if (!e)
        return FALSE;
    if (!(e->rights & READ_CONTROL))
        return sim_error(ERROR_ACCESS_DENIED);
    if (size < sizeof(PSID))
        return sim_error(ERROR_INSUFFICIENT_BUFFER);
    *(PSID *)sd =
        e->instance->name->descriptor ? security_owner(e->instance->name->descriptor) : NULL;
    *used = sizeof(PSID);
    return TRUE;
}
