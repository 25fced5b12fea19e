#include "pipe/listener.h"

HANDLE instance_create(pp_listener *l, bool first)
{
    bool message = l->options.conn.mode == PP_MODE_MESSAGE;
    DWORD quota = (DWORD)l->options.pipe_buffer;

    kernel_count_other(&port_of(&l->strand)->kernel);
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
