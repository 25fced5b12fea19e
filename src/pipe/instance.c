/*
 * Making and unmaking instances of a listener's pipe.
 */
#include "base/mem.h"
#include "pipe/listener.h"

static HANDLE instance__create(pp_listener *l, bool first)
{
    bool message = l->options.conn.mode == PP_MODE_MESSAGE;
    DWORD quota = (DWORD)l->options.pipe_buffer;

    kernel_count_other(l->strand.port);
    return CreateNamedPipeW(l->path.wide,
                            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
                                (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
                            (message ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                                     : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE) |
                                (l->options.access.allow_remote ? PIPE_ACCEPT_REMOTE_CLIENTS
                                                                : PIPE_REJECT_REMOTE_CLIENTS),
                            PIPE_UNLIMITED_INSTANCES, quota, quota,
                            (DWORD)l->options.wait_timeout_ms, &l->security.attributes);
}

instance *instance_make(pp_listener *l, bool first)
{
    instance *i = mem_alloc_zeroed(sizeof *i);
    HANDLE handle;
    DWORD error;

    if (!i) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    i->listener = l;
    i->pipe = KERNEL_NO_HANDLE;
    list_init(&i->link);
    handle = instance__create(l, first);
    error = handle == INVALID_HANDLE_VALUE ? GetLastError()
                                           : kernel_attach(l->strand.port, &i->pipe, handle);
    if (error == ERROR_SUCCESS)
        return i;
    mem_free(i);
    SetLastError(error);
    return NULL;
}

void instance_discard(instance *i)
{
    kernel_close(i->listener->strand.port, &i->pipe);
    mem_free(i);
}
