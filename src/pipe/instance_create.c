#include "pipe/instance.h"

HANDLE instance_create(const instance_kind *kind, bool first)
{
    SECURITY_ATTRIBUTES attributes = kind->security.attributes;

    kernel_count_other(kind->kernel);
    return CreateNamedPipeW(
        kind->path.wide,
        PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
        (kind->mode == PP_MODE_MESSAGE ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE
                                       : PIPE_TYPE_BYTE | PIPE_READMODE_BYTE) |
            (kind->allow_remote ? PIPE_ACCEPT_REMOTE_CLIENTS : PIPE_REJECT_REMOTE_CLIENTS),
        PIPE_UNLIMITED_INSTANCES, kind->quota, kind->quota, kind->wait_timeout_ms, &attributes);
}
