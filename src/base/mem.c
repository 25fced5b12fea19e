/*
 * The seam over the allocator that the build chose: mimalloc, the C library's, or the guard. It
 * calls mimalloc by mimalloc's own names, and overrides nobody's malloc.
 */
#include "base/mem.h"

#include "base/win.h"

#if defined(PP_MEMORY_MIMALLOC)
#include <mimalloc.h>
#define MEM__ALLOC mi_malloc
#define MEM__CALLOC mi_calloc
#define MEM__REALLOC mi_realloc
#define MEM__FREE mi_free
#define MEM__OWNS mi_is_in_heap_region
#elif defined(PP_MEMORY_GUARD)
#include "base/mem_guard.h"
#define MEM__ALLOC mem_guard_alloc
#define MEM__CALLOC mem_guard_alloc_zeroed
#define MEM__REALLOC mem_guard_resize
#define MEM__FREE mem_guard_free
#define MEM__OWNS mem_guard_owns
#else
#include <stdlib.h>
#define MEM__ALLOC malloc
#define MEM__CALLOC calloc
#define MEM__REALLOC realloc
#define MEM__FREE free
#define MEM__OWNS(block) ((block) != NULL)
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
    return MEM__OWNS(block);
}
