/*
 * The memory seam: all memory of the library comes from here. So one place exchanges the allocator
 * and counts its calls. The library never hands memory to the user to free, nor frees the user's.
 */
#ifndef PP_BASE_MEM_H
#define PP_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: no memory. mem_free frees the block. */
void *mem_alloc(size_t size);
void *mem_alloc_zeroed(size_t size);

/* Keeps the bytes that fit; NULL: no memory, and the old block stays as it was. */
void *mem_resize(void *block, size_t size);

void mem_free(void *block);

/* How many allocations the process has asked for. */
uint64_t mem_allocations(void);

/* Whether `block` came from the allocator that the build chose; for tests. */
bool mem_is_ours(const void *block);

#endif
