#include "pipe/open.h"

#include "base/error.h"

/* A message client must be able to set its read mode, and a client that checks the owner must read
 * it. */
static DWORD open__rights(const open_request *r, pp_direction direction)
{
    return (direction != PP_DIRECTION_OUTBOUND ? FILE_READ_DATA : 0) |
           (direction != PP_DIRECTION_INBOUND ? FILE_WRITE_DATA : 0) | FILE_READ_ATTRIBUTES |
           SYNCHRONIZE | (r->mode == PP_MODE_MESSAGE ? FILE_WRITE_ATTRIBUTES : 0) |
           (r->server_user[0] ? READ_CONTROL : 0);
}

/* Opens both ways, since only a read notices at once that the other end left. But a pipe that its
 * server made one way admits only clients that ask for just that way. */
static HANDLE open__file(const open_request *r)
{
    HANDLE pipe = open_file(r->path.wide, open__rights(r, PP_DIRECTION_DUPLEX));

    if (pipe != INVALID_HANDLE_VALUE || r->direction == PP_DIRECTION_DUPLEX ||
        GetLastError() != ERROR_ACCESS_DENIED)
        return pipe;
    return open_file(r->path.wide, open__rights(r, r->direction));
}

/* Whether the user owns the pipe. Only its creator decides that. */
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

/* Whether the expected server serves the pipe, and sets the read mode. */
static pp_status open__check(const open_request *r, HANDLE pipe, DWORD *error)
{
    DWORD message = PIPE_READMODE_MESSAGE;

    if (!open__is_expected(r, pipe))
        return PP_E_IMPOSTOR;
    /* A client starts in byte-read mode, whatever mode the server set. */
    if (r->mode != PP_MODE_MESSAGE || SetNamedPipeHandleState(pipe, &message, NULL, NULL))
        return PP_OK;
    *error = win_last_error();
    /* Only one argument can be wrong here: the other end made a pipe of bytes. */
    return *error == ERROR_INVALID_PARAMETER ? PP_E_MODE : error_from_windows(*error);
}

pp_status open_once(const open_request *r, HANDLE *pipe, DWORD *error)
{
    HANDLE opened = open__file(r);
    pp_status status;

    *error = opened == INVALID_HANDLE_VALUE ? win_last_error() : ERROR_SUCCESS;
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
