/*
 * Making and unmaking instances of a listener's pipe.
 */
#include "base/mem.h"
#include "pipe/listener.h"

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
    i->seat.host = &l->host;
    i->pipe = KERNEL_NO_HANDLE;
    list_init(&i->link);
    handle = instance_create(l, first);
    error = handle == INVALID_HANDLE_VALUE
                ? GetLastError()
                : kernel_attach(&port_of(&l->strand)->kernel, &i->pipe, handle, false);
    if (error == ERROR_SUCCESS)
        return i;
    mem_free(i);
    SetLastError(error);
    return NULL;
}

void instance_discard(instance *i)
{
    kernel_close(&port_of(&i->listener->strand)->kernel, &i->pipe);
    mem_free(i);
}
