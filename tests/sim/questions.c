/*
 * What may be asked of a pipe, and set.
 */
#include "pipes.h"

BOOL SetFileCompletionNotificationModes(HANDLE handle, UCHAR modes)
{
    pipe_end *e = pipes_look(handle);

    if (!e)
        return FALSE;
    if (modes & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)
        e->target.skip_on_success = true;
    return TRUE;
}

BOOL SetNamedPipeHandleState(HANDLE handle, DWORD *mode, DWORD *bytes, DWORD *ms)
{
    pipe_end *e;

    (void)bytes, (void)ms;
    e = pipes_look(handle);
    if (!e)
        return FALSE;
    if (!(e->rights & FILE_WRITE_ATTRIBUTES) && !e->server)
        return sim_error(ERROR_ACCESS_DENIED);
    if ((*mode & PIPE_READMODE_MESSAGE) && !e->instance->name->message)
        return sim_error(ERROR_INVALID_PARAMETER);
    e->message_read = (*mode & PIPE_READMODE_MESSAGE) != 0;
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
        *state = e->message_read ? PIPE_READMODE_MESSAGE : PIPE_READMODE_BYTE;
    if (instances)
        *instances = e->instance->name->count;
    return TRUE;
}

static BOOL pipes__ask(HANDLE handle, bool server, bool session, ULONG *answer)
{
    pipe_end *e, *asked;

    e = pipes_look(handle);
    if (!e)
        return FALSE;
    asked = server ? e->instance->serving : e->instance->client;
    if (!asked)
        return sim_error(ERROR_NOT_FOUND);
    *answer = session ? asked->owner->session : asked->owner->id;
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
