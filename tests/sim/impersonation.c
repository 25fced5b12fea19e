/*
 * Acting as the client of a pipe, with its rule; and the descriptor of a pipe.
 */
#include "pipes.h"

#include <stdlib.h>

/* Whom each thread acts for, in a slot of its own; NULL: for its process. */
static DWORD impersonation__slot = TLS_OUT_OF_INDEXES;

static subject *impersonation__here(void)
{
    if (impersonation__slot == TLS_OUT_OF_INDEXES)
        impersonation__slot = TlsAlloc();
    return TlsGetValue(impersonation__slot);
}

bool security_thread_acts(void)
{
    return impersonation__here() != NULL;
}

subject security_here(void)
{
    const subject *client = impersonation__here();

    return client
               ? *client
               : (subject){.process = sim_process_here(), .network = sim_process_here()->network};
}

/* Microsoft, OpenThreadToken, and windows-truth.md: an anonymous token opens for nobody, and one
 * that only identifies not by its own rights. */
BOOL OpenThreadToken(HANDLE thread, DWORD rights, BOOL as_self, HANDLE *made)
{
    const subject *client = impersonation__here();

    (void)thread, (void)rights;
    sim_point();
    if (!client)
        return sim_error(ERROR_NO_TOKEN);
    if (client->level == SECURITY_ANONYMOUS)
        return sim_error(ERROR_CANT_OPEN_ANONYMOUS);
    if (client->level == SECURITY_IDENTIFICATION && !as_self)
        return sim_error(ERROR_BAD_IMPERSONATION_LEVEL);
    *made = sid_token(client);
    return TRUE;
}

/* Wine's kernel32/tests/pipe.c: not before the server's first read. */
BOOL ImpersonateNamedPipeClient(HANDLE handle)
{
    pipe_end *e = pipes_look(handle);
    subject *client = impersonation__here();

    if (!e || !e->server)
        return e ? sim_error(ERROR_INVALID_HANDLE) : FALSE;
    if (e->instance->state == PIPE_STATE_DISCONNECTED)
        return sim_error(ERROR_PIPE_NOT_CONNECTED);
    if (!e->instance->was_read)
        return sim_error(ERROR_CANNOT_IMPERSONATE);
    if (!client)
        client = malloc(sizeof *client);
    *client = e->instance->who;
    TlsSetValue(impersonation__slot, client);
    return TRUE;
}

BOOL RevertToSelf(void)
{
    sim_point();
    free(impersonation__here());
    TlsSetValue(impersonation__slot, NULL);
    return TRUE;
}

/* The descriptor of the name, which has more bytes than callers give, stands for its copy. */
BOOL GetKernelObjectSecurity(HANDLE handle, DWORD what, PSECURITY_DESCRIPTOR sd, DWORD size,
                             DWORD *used)
{
    pipe_end *e = pipes_look(handle);

    (void)what;
    if (!e)
        return FALSE;
    if (!(e->file.rights & READ_CONTROL))
        return sim_error(ERROR_ACCESS_DENIED);
    if (size < sizeof(descriptor *))
        return sim_error(ERROR_INSUFFICIENT_BUFFER);
    *(descriptor **)sd = e->instance->name->descriptor;
    *used = sizeof(descriptor *);
    return TRUE;
}
