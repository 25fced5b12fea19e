#include "pipe/open.h"

#include "base/error.h"

/* A message client must be able to switch its read mode, and who wants to know the owner to ask. */
static DWORD open__rights(const open_request *r, pp_direction direction)
{
    return (direction != PP_DIRECTION_OUTBOUND ? FILE_READ_DATA : 0) |
           (direction != PP_DIRECTION_INBOUND ? FILE_WRITE_DATA : 0) | FILE_READ_ATTRIBUTES |
           SYNCHRONIZE | (r->mode == PP_MODE_MESSAGE ? FILE_WRITE_ATTRIBUTES : 0) |
           (r->server_user[0] ? READ_CONTROL : 0);
}

/* Both ways, for only a read shows at once that the other end leaves. But a pipe that its server
 * made one way lets in only who asks for that way alone. */
static HANDLE open__file(const open_request *r)
{
    HANDLE pipe = open_file(r->path.wide, open__rights(r, PP_DIRECTION_DUPLEX));

    if (pipe != INVALID_HANDLE_VALUE || r->direction == PP_DIRECTION_DUPLEX ||
        GetLastError() != ERROR_ACCESS_DENIED)
        return pipe;
    return open_file(r->path.wide, open__rights(r, r->direction));
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

/* Whether it is what was asked for, and can be read as the mode wants. */
static pp_status open__check(const open_request *r, HANDLE pipe, DWORD *error)
{
    DWORD message = PIPE_READMODE_MESSAGE;

    if (!open__is_expected(r, pipe))
        return PP_E_IMPOSTOR;
    /* A client starts in byte-read mode whatever the server set. */
    if (r->mode != PP_MODE_MESSAGE || SetNamedPipeHandleState(pipe, &message, NULL, NULL))
        return PP_OK;
    *error = GetLastError();
    /* The only argument that can be wrong here is the other end's: a pipe of bytes. */
    return *error == ERROR_INVALID_PARAMETER ? PP_E_MODE : error_from_windows(*error);
}

pp_status open_once(const open_request *r, HANDLE *pipe, DWORD *error)
{
    HANDLE opened = open__file(r);
    pp_status status;

    *error = opened == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    *pipe = INVALID_HANDLE_VALUE;
    if (opened == INVALID_HANDLE_VALUE)
        return error_from_windows(*error);
    status = open__check(r, opened, error);
    if (status == PP_OK)
        *pipe = opened;
    else
        CloseHandle(opened);
    return status;
}
