/*
 * The memory seam: all of the library's memory comes from here, so that the allocator can be
 * exchanged in one place and its calls counted. Memory is never handed to or taken from the user.
 */
#ifndef PP_BASE_MEM_H
#define PP_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL when there is none left. Freed by mem_free. */
void *mem_alloc(size_t size);
void *mem_alloc_zeroed(size_t size);

/* Keeps the first bytes; on NULL the old block stays as it was. */
void *mem_resize(void *block, size_t size);

void mem_free(void *block);

/* How often memory was asked for since the process began. */
uint64_t mem_allocations(void);

/* Whether `block` came from the allocator that the build chose; for tests. */
bool mem_is_ours(const void *block);

#endif
