#include "pipe/instance.h"

#include "base/mem.h"

instance *instance_make(const instance_kind *kind, bool first)
{
    instance *i = mem_alloc_zeroed(sizeof *i);
    HANDLE handle;
    DWORD error;

    if (!i) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    i->seat.host = kind->host;
    i->pipe = KERNEL_NO_HANDLE;
    list_init(&i->link);
    handle = instance_create(kind, first);
    error = handle == INVALID_HANDLE_VALUE ? win_last_error()
                                           : kernel_attach(kind->kernel, &i->pipe, handle, false);
    if (error == ERROR_SUCCESS)
        return i;
    mem_free(i);
    SetLastError(error);
    return NULL;
}

void instance_discard(instance *i, kernel *k)
{
    kernel_close(k, &i->pipe);
    mem_free(i);
}
