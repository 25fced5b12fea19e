/*
 * What may be asked of a pipe or another file, and set.
 */
#include "pipes.h"

#include <string.h>
#include <winternl.h>

BOOL SetNamedPipeHandleState(HANDLE handle, DWORD *mode, DWORD *bytes, DWORD *ms)
{
    pipe_end *e;

    (void)bytes, (void)ms;
    e = pipes_look(handle);
    if (!e)
        return FALSE;
    if (!(e->file.rights & FILE_WRITE_ATTRIBUTES) && !e->server)
        return sim_error(ERROR_ACCESS_DENIED);
    if (!mode)
        return TRUE;
    if ((*mode & PIPE_READMODE_MESSAGE) && !e->instance->name->message)
        return sim_error(ERROR_INVALID_PARAMETER);
    e->message_read = (*mode & PIPE_READMODE_MESSAGE) != 0;
    e->at_once = (*mode & PIPE_NOWAIT) != 0;
    return TRUE;
}

BOOL GetNamedPipeHandleStateW(HANDLE handle, DWORD *state, DWORD *instances, DWORD *bytes,
                              DWORD *ms, WCHAR *user, DWORD room)
{
    pipe_end *e;

    (void)bytes, (void)ms, (void)user, (void)room;
    e = pipes_look(handle);
    if (!e)
        return FALSE;
    if (state)
        *state = (e->message_read ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE) |
                 (e->at_once ? PIPE_NOWAIT : PIPE_WAIT);
    if (instances)
        *instances = e->instance->name->count;
    return TRUE;
}

/* The right: Microsoft, GetNamedPipeInfo. */
BOOL GetNamedPipeInfo(HANDLE handle, DWORD *flags, DWORD *out, DWORD *in, DWORD *most)
{
    pipe_end *e = pipes_look(handle);

    (void)most;
    if (!e)
        return FALSE;
    if (!(e->file.rights & FILE_READ_ATTRIBUTES))
        return sim_error(ERROR_ACCESS_DENIED);
    if (flags)
        *flags = (e->server ? PIPE_SERVER_END : 0) |
                 (e->instance->name->message ? PIPE_TYPE_MESSAGE : PIPE_TYPE_BYTE);
    if (out)
        *out = (DWORD)e->instance->quota_out;
    if (in)
        *in = (DWORD)e->instance->quota_in;
    return TRUE;
}

/* For a remote client and its server: not known; they fail here. */
static BOOL pipes__ask(HANDLE handle, bool server, bool session, ULONG *answer)
{
    pipe_end *e, *asked;

    e = pipes_look(handle);
    if (!e)
        return FALSE;
    asked = server ? e->instance->serving : e->instance->client;
    if (!asked || e->instance->remote)
        return sim_error(ERROR_NOT_FOUND);
    *answer = session ? asked->file.owner->session : asked->file.owner->id;
    return TRUE;
}

BOOL GetNamedPipeClientProcessId(HANDLE pipe, ULONG *id)
{
    return pipes__ask(pipe, false, false, id);
}

BOOL GetNamedPipeServerProcessId(HANDLE pipe, ULONG *id)
{
    return pipes__ask(pipe, true, false, id);
}

BOOL GetNamedPipeClientSessionId(HANDLE pipe, ULONG *id)
{
    return pipes__ask(pipe, false, true, id);
}

BOOL GetNamedPipeServerSessionId(HANDLE pipe, ULONG *id)
{
    return pipes__ask(pipe, true, true, id);
}

/* Takes nothing. Since Windows 8 it may wait for the handle's signal inside (Wine's
 * ntdll/tests/pipe.c, test_completion). */
BOOL PeekNamedPipe(HANDLE handle, void *buffer, DWORD size, DWORD *bytes, DWORD *available,
                   DWORD *left)
{
    pipe_end *e = pipes_look(handle);
    DWORD first, taken;
    NTSTATUS status;

    if (!e)
        return FALSE;
    if (!(e->file.rights & FILE_READ_DATA))
        return sim_error(ERROR_ACCESS_DENIED);
    if (e->file.target.skip_signal)
        sim_fail("PeekNamedPipe may wait for a signal that the handle does not give");
    status = pipes_state_error(e, false);
    if (status != 0 && !e->first)
        return sim_error(sim_error_of(status));
    first = e->first ? (DWORD)(e->first->size - e->first->start) : 0;
    taken = first < size ? first : size;
    if (buffer && taken > 0)
        memcpy(buffer, e->first->bytes + e->first->start, taken);
    if (bytes)
        *bytes = buffer ? taken : 0;
    if (available)
        *available = (DWORD)pipes_waiting(e);
    if (left)
        *left = e->instance->name->message ? first - taken : 0;
    return TRUE;
}

/* ---- Of each file --------------------------------------------------------------------------- */

/* Microsoft, GetFileType: a socket or a pipe. What a mailslot is: not known. */
DWORD GetFileType(HANDLE handle)
{
    file *f = file_look(handle);

    return f && (f->object.kind == SIM_PIPE || f->object.kind == SIM_SOCKET) ? FILE_TYPE_PIPE : 0;
}

NTSTATUS NtQueryObject(HANDLE handle, OBJECT_INFORMATION_CLASS what, void *data, ULONG size,
                       ULONG *used)
{
    file *f = file_look(handle);

    (void)what, (void)size, (void)used;
    if (!f)
        return SIM_INVALID_PARAMETER;
    ((PUBLIC_OBJECT_BASIC_INFORMATION *)data)->GrantedAccess = f->rights;
    return 0;
}

/* FileIoCompletionNotificationInformation alone: Wine's ntdll/tests/file.c. */
NTSTATUS NtQueryInformationFile(HANDLE handle, IO_STATUS_BLOCK *result, void *information,
                                ULONG size, FILE_INFORMATION_CLASS what)
{
    file *f = file_look(handle);

    (void)result, (void)size;
    if (!f || (int)what != 41)
        return SIM_INVALID_PARAMETER;
    *(ULONG *)information = (f->target.skip_on_success ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0) |
                            (f->target.skip_signal ? FILE_SKIP_SET_EVENT_ON_HANDLE : 0);
    return 0;
}
