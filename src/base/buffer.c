#include "base/buffer.h"

#include "base/mem.h"
#include "base/win.h"

struct pp_buffer {
    volatile LONG refs;
    size_t size;
};

static volatile LONG buffer__count;

long buffer_count(void)
{
    return buffer__count;
}

pp_buffer *pp_buffer_new(size_t size)
{
    pp_buffer *buffer = size < SIZE_MAX - sizeof *buffer ? mem_alloc(sizeof *buffer + size) : NULL;

    if (!buffer)
        return NULL;
    buffer->refs = 1;
    buffer->size = size;
    InterlockedIncrement(&buffer__count);
    return buffer;
}

void *pp_buffer_data(pp_buffer *buffer)
{
    return buffer ? buffer + 1 : NULL;
}

size_t pp_buffer_size(const pp_buffer *buffer)
{
    return buffer ? buffer->size : 0;
}

void pp_buffer_ref(pp_buffer *buffer)
{
    if (buffer)
        InterlockedIncrement(&buffer->refs);
}

void pp_buffer_unref(pp_buffer **buffer)
{
    pp_buffer *b = buffer ? *buffer : NULL;

    if (!b)
        return;
    *buffer = NULL;
    if (InterlockedDecrement(&b->refs) > 0)
        return;
    InterlockedDecrement(&buffer__count);
    mem_free(b);
}
