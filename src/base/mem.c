/*
 * The seam over mimalloc, or over the C library where the build asks for that. mimalloc is called
 * by its own names only: nobody's malloc is overridden.
 */
#include "base/mem.h"

#include "base/win.h"

#include <string.h>

#ifdef PP_USE_MIMALLOC
#include <mimalloc.h>
#define MEM__ALLOC mi_malloc
#define MEM__CALLOC mi_calloc
#define MEM__REALLOC mi_realloc
#define MEM__FREE mi_free
#else
#include <stdlib.h>
#define MEM__ALLOC malloc
#define MEM__CALLOC calloc
#define MEM__REALLOC realloc
#define MEM__FREE free
#endif

static volatile LONG64 mem__count;

void *mem_alloc(size_t size)
{
    InterlockedIncrement64(&mem__count);
    return MEM__ALLOC(size);
}

void *mem_alloc_zeroed(size_t size)
{
    InterlockedIncrement64(&mem__count);
    return MEM__CALLOC(1, size);
}

void *mem_resize(void *block, size_t size)
{
    InterlockedIncrement64(&mem__count);
    return MEM__REALLOC(block, size);
}

void mem_free(void *block)
{
    MEM__FREE(block);
}

uint64_t mem_allocations(void)
{
    return (uint64_t)InterlockedCompareExchange64(&mem__count, 0, 0);
}

bool mem_is_ours(const void *block)
{
#ifdef PP_USE_MIMALLOC
    return mi_is_in_heap_region(block);
#else
    return block != NULL;
#endif
}

char *mem_copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mem_alloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}
