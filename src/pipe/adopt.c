/*
 * Connections of handles that the user opened. These checks decide what a handle must be: the first
 * read or write would tell it late, wrongly, or never.
 */
#include "pipe/adopt.h"

#include "base/error.h"
#include "pipe/conn_options.h"

#define ADOPT__ALLOWED                                                                             \
    "; allowed: a connected pipe or stream socket of a started Winsock, asynchronous "             \
    "(FILE_FLAG_OVERLAPPED), on no port"
#define ADOPT__WRITES (FILE_WRITE_DATA | FILE_APPEND_DATA)

static pp_status adopt__refuse_type(pp_error *error)
{
    return error_set(error, PP_E_ARGUMENT, 0,
                     "handle is neither a pipe nor a socket" ADOPT__ALLOWED);
}

static pp_status adopt__rights(HANDLE handle, ACCESS_MASK *rights, pp_error *error)
{
    PUBLIC_OBJECT_BASIC_INFORMATION basic;
    NTSTATUS code = NtQueryObject(handle, ObjectBasicInformation, &basic, sizeof basic, NULL);

    if (code != 0)
        return error_set_windows(error, RtlNtStatusToDosError(code),
                                 "the rights of handle cannot be read");
    *rights = basic.GrantedAccess;
    return PP_OK;
}

static pp_status adopt__check_rights(ACCESS_MASK rights, pp_direction direction, pp_error *error)
{
    if (direction != PP_DIRECTION_OUTBOUND && !(rights & FILE_READ_DATA))
        return error_set(error, PP_E_ARGUMENT, 0,
                         "handle has no right to read; allowed: one with GENERIC_READ, or "
                         "direction outbound (2)");
    if (direction != PP_DIRECTION_INBOUND && !(rights & ADOPT__WRITES))
        return error_set(error, PP_E_ARGUMENT, 0,
                         "handle has no right to write; allowed: one with GENERIC_WRITE, or "
                         "direction inbound (1)");
    return PP_OK;
}

/* Sets PIPE_WAIT and the read mode that `mode` needs. A message-read handle in another mode would
 * break kernel.c's rule whether a packet will come, since its reads can be too small. */
static pp_status adopt__set_pipe(HANDLE pipe, pp_mode mode, pp_error *error)
{
    DWORD wanted =
              PIPE_WAIT | (mode == PP_MODE_MESSAGE ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE),
          state, code;

    if (GetNamedPipeHandleStateW(pipe, &state, NULL, NULL, NULL, NULL, 0) && state == wanted)
        return PP_OK;
    if (SetNamedPipeHandleState(pipe, &wanted, NULL, NULL))
        return PP_OK;
    code = win_last_error();
    return mode == PP_MODE_MESSAGE && code == ERROR_INVALID_PARAMETER
               ? PP_E_MODE
               : error_set_windows(error, code, "the read mode of handle cannot be set");
}

/* A pipe that does not let us ask answers ERROR_ACCESS_DENIED; other handles do not know the
 * question. */
static bool adopt__is_pipe(HANDLE handle, DWORD *flags)
{
    return GetNamedPipeInfo(handle, flags, NULL, NULL, NULL) ||
           GetLastError() == ERROR_ACCESS_DENIED;
}

static bool adopt__is_stream_socket(HANDLE handle)
{
    int type = 0, size = sizeof type;

    return getsockopt((SOCKET)handle, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0 &&
           type == SOCK_STREAM;
}

static pp_status adopt__set_modes(HANDLE handle, pp_mode mode, bool socket, pp_error *error)
{
    pp_status status = PP_OK;

    if (!socket)
        status = adopt__set_pipe(handle, mode, error);
    else if (mode == PP_MODE_MESSAGE)
        status = PP_E_MODE;
    return status == PP_E_MODE
               ? error_set(error, status, 0,
                           "mode is message (1), but handle carries bytes; allowed: "
                           "stream (0) or framed (2)")
               : status;
}

/* Whether the handle can be a connection, and of what kind. Disk files cannot: they have an offset,
 * and streams do not. Devices cannot: nobody leaves at their other end. */
static pp_status adopt__check(pp_conn *c, HANDLE handle, bool *socket, pp_error *error)
{
    ACCESS_MASK rights = 0;
    DWORD flags = 0;
    pp_status status;

    if (GetFileType(handle) != FILE_TYPE_PIPE || GetMailslotInfo(handle, NULL, NULL, NULL, NULL))
        return adopt__refuse_type(error);
    status = adopt__rights(handle, &rights, error);
    if (status == PP_OK)
        status = adopt__check_rights(rights, c->settings.direction, error);
    if (status != PP_OK)
        return status;
    *socket = !adopt__is_pipe(handle, &flags);
    c->is_server_end = (flags & PIPE_SERVER_END) != 0;
    if (*socket && !adopt__is_stream_socket(handle))
        return adopt__refuse_type(error); /* the sending end of a mailslot, or datagrams */
    return adopt__set_modes(handle, c->settings.mode, *socket, error);
}

/* On success the connection owns the handle; on failure it is closed with that. */
static pp_status adopt__attach(pp_conn *c, HANDLE handle, bool socket, pp_error *error)
{
    DWORD code = transport_attach(&c->transport, handle, socket);

    if (code == ERROR_INVALID_PARAMETER)
        return error_set(error, PP_E_ARGUMENT, code,
                         "handle is synchronous or on a port" ADOPT__ALLOWED);
    if (code != ERROR_SUCCESS)
        return error_set_windows(error, code, "handle cannot be associated with a port");
    if (transport_note_modes(&c->transport) && c->settings.mode == PP_MODE_MESSAGE)
        return error_set(
            error, PP_E_ARGUMENT, 0,
            "handle has FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, which Windows never clears; "
            "allowed: a handle without it, or mode stream (0) or framed (2)");
    return PP_OK;
}

pp_status adopt_join(pp_port *port, HANDLE handle, const pp_conn_options *options, pp_conn **conn,
                     pp_error *error)
{
    pp_conn_options checked = {0};
    pp_status status = conn_check_options(port, options, &checked, error);
    pp_conn *c = status == PP_OK ? conn_new(port, &checked) : NULL;
    bool socket = false;

    if (status == PP_OK)
        status = c ? adopt__check(c, handle, &socket, error)
                   : error_set(error, PP_E_MEMORY, 0, "out of memory");
    if (status != PP_OK)
        kernel_refuse(handle);
    else
        status = adopt__attach(c, handle, socket, error);
    if (status == PP_OK && !strand_join(&c->strand))
        status = error_set(error, PP_E_CLOSING, 0, "the port is stopping");
    if (status != PP_OK) {
        if (c)
            conn_discard(c);
        return status;
    }
    c->state = CONN_OPEN;
    *conn = c;
    return PP_OK;
}

pp_status pp_conn_adopt(pp_port *port, void *handle, const pp_conn_options *options, pp_conn **conn,
                        pp_error *error)
{
    pp_status status;
    pp_conn *c;

    if (conn)
        *conn = NULL;
    if (!handle || handle == INVALID_HANDLE_VALUE)
        return error_set(error, PP_E_ARGUMENT, 0, "handle is none: NULL or INVALID_HANDLE_VALUE");
    if (!port || !options) {
        kernel_refuse(handle);
        return error_set(error, PP_E_ARGUMENT, 0, "%s is NULL", port ? "options" : "port");
    }
    status = adopt_join(port, handle, options, &c, error);
    if (status != PP_OK)
        return status;
    conn_hand_out(c, conn);
    conn_start(c);
    return PP_OK;
}
