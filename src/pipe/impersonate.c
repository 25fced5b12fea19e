#include "pipe/identity.h"

DWORD impersonate_open_token(HANDLE pipe, HANDLE *token)
{
    DWORD error = ERROR_SUCCESS;

    if (!ImpersonateNamedPipeClient(pipe))
        return win_last_error();
    /* TRUE: by our own rights, since a client at identification level may not open its own
     * token. */
    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, token))
        error = win_last_error();
    /* Microsoft: a process that cannot revert must not go on. */
    if (!RevertToSelf())
        RaiseFailFastException(NULL, NULL, 0);
    return error;
}
