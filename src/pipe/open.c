#include "pipe/open.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* A message client must be able to switch its read mode, and who wants to know the owner to ask. */
DWORD open_rights(const open_request *r)
{
    return FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES | SYNCHRONIZE |
           (r->mode == PP_MODE_MESSAGE ? FILE_WRITE_ATTRIBUTES : 0) |
           (r->server_user[0] ? READ_CONTROL : 0);
}

pp_status open_prepare(open_request *r, const char *name, pp_mode mode, uint64_t server_process,
                       const char *server_user, pp_error *error)
{
    PSID sid;

    r->mode = mode;
    r->server_process = server_process;
    r->server_user[0] = 0;
    if (server_process > UINT32_MAX)
        return error_set(error, PP_E_ARGUMENT, 0, "server_process is %llu; allowed: 0 to %u",
                         (unsigned long long)server_process, UINT32_MAX);
    if (server_user) {
        if (strlen(server_user) >= PP_SID_SIZE || !ConvertStringSidToSidA(server_user, &sid))
            return error_set(error, PP_E_ARGUMENT, 0,
                             "server_user is \"%.80s\"; allowed: a SID such as S-1-5-18",
                             server_user);
        LocalFree(sid);
        snprintf(r->server_user, sizeof r->server_user, "%s", server_user);
    }
    return name_parse(&r->path, NAME_PIPE, name, false, "pipe", error);
}

/* The owner of the pipe, which its creator alone decides. */
static bool open__is_owned_by(HANDLE pipe, const char *user)
{
    union {
        SECURITY_DESCRIPTOR header;
        char bytes[512];
    } buffer;
    DWORD used;
    BOOL defaulted, same;
    PSID owner, wanted;

    if (!GetKernelObjectSecurity(pipe, OWNER_SECURITY_INFORMATION, &buffer, sizeof buffer, &used) ||
        !GetSecurityDescriptorOwner(&buffer, &owner, &defaulted) || !owner ||
        !ConvertStringSidToSidA(user, &wanted))
        return false;
    same = EqualSid(owner, wanted);
    LocalFree(wanted);
    return same;
}

static bool open__is_expected(const open_request *r, HANDLE pipe)
{
    ULONG process;

    if (r->server_process != 0 &&
        (!GetNamedPipeServerProcessId(pipe, &process) || process != r->server_process))
        return false;
    return !r->server_user[0] || open__is_owned_by(pipe, r->server_user);
}

pp_status open_once(const open_request *r, HANDLE *pipe, DWORD *error)
{
    DWORD message = PIPE_READMODE_MESSAGE;

    *error = ERROR_SUCCESS;
    *pipe =
        CreateFileW(r->path.wide, open_rights(r), 0, NULL, OPEN_EXISTING,
                    FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
    if (*pipe == INVALID_HANDLE_VALUE) {
        *error = GetLastError();
        return error_from_windows(*error);
    }
    if (!open__is_expected(r, *pipe)) {
        CloseHandle(*pipe);
        return PP_E_IMPOSTOR;
    }
    /* A client starts in byte-read mode whatever the server set. */
    if (r->mode == PP_MODE_MESSAGE && !SetNamedPipeHandleState(*pipe, &message, NULL, NULL)) {
        *error = GetLastError();
        CloseHandle(*pipe);
        return error_from_windows(*error);
    }
    return PP_OK;
}

bool open_may_succeed_later(pp_status status)
{
    return status == PP_E_NOT_FOUND || status == PP_E_BUSY;
}
