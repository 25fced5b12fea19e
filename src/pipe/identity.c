#include "pipe/identity.h"

#include <stdio.h>
#include <string.h>

#define IDENTITY__NO_SESSION UINT32_MAX

void identity_of_process(kernel *k, HANDLE pipe, bool is_server_end, pp_peer *peer)
{
    ULONG process, session;

    kernel_count_other(k);
    if (is_server_end ? GetNamedPipeClientProcessId(pipe, &process)
                      : GetNamedPipeServerProcessId(pipe, &process))
        peer->process_id = process;
    kernel_count_other(k);
    if (is_server_end ? GetNamedPipeClientSessionId(pipe, &session)
                      : GetNamedPipeServerSessionId(pipe, &session))
        peer->session_id = session;
    else
        peer->session_id = IDENTITY__NO_SESSION;
}

static DWORD identity__read_user(HANDLE token, char *user, size_t size)
{
    union {
        TOKEN_USER user;
        char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } buffer;
    DWORD used;
    char *text;

    if (!GetTokenInformation(token, TokenUser, &buffer, sizeof buffer, &used) ||
        !ConvertSidToStringSidA(buffer.user.User.Sid, &text))
        return win_last_error();
    snprintf(user, size, "%s", text);
    LocalFree(text);
    return ERROR_SUCCESS;
}

static uint32_t identity__read_integrity(HANDLE token)
{
    union {
        TOKEN_MANDATORY_LABEL label;
        char bytes[sizeof(TOKEN_MANDATORY_LABEL) + SECURITY_MAX_SID_SIZE];
    } buffer;
    PSID sid;
    DWORD used;

    if (!GetTokenInformation(token, TokenIntegrityLevel, &buffer, sizeof buffer, &used))
        return 0;
    sid = buffer.label.Label.Sid;
    return *GetSidSubAuthority(sid, (DWORD)(*GetSidSubAuthorityCount(sid) - 1));
}

DWORD identity_of_user(kernel *k, HANDLE pipe, pp_peer *peer)
{
    HANDLE token = NULL;
    DWORD error;

    kernel_count_other(k);
    error = impersonate_open_token(pipe, &token);
    if (error != ERROR_SUCCESS)
        return error;
    error = identity__read_user(token, peer->user, sizeof peer->user);
    peer->integrity = identity__read_integrity(token);
    CloseHandle(token);
    return error;
}
