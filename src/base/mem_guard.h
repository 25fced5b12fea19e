/*
 * The allocator of -Dmemory=guard, in which memory errors end the process at once:
 *
 *   - A block ends at the end of a page (at most 15 bytes before it, since blocks are aligned to
 *     16), and the page after it cannot be touched: an overrun past the page is an access
 * violation.
 *   - A shorter overrun, or a write before the block, is seen when the block is freed: the rest of
 *     the page is filled, and a change of it raises STATUS_HEAP_CORRUPTION. A read of it is not
 * seen.
 *   - The pages of a freed block are taken away, and their addresses are not given to another block
 *     until 1 GiB of addresses was freed after it: a use after free, or a second free, is an access
 *     violation.
 *
 * A new block holds the fill, not zeros. Each block costs 64 KiB of addresses, and four calls of
 * the system: it is for tests.
 */
#ifndef PP_BASE_MEM_GUARD_H
#define PP_BASE_MEM_GUARD_H

#include <stdbool.h>
#include <stddef.h>

void *mem_guard_alloc(size_t size);
void *mem_guard_alloc_zeroed(size_t count, size_t size);
void *mem_guard_resize(void *block, size_t size);
void mem_guard_free(void *block);

/* Whether `block` is one of these. It points to memory of this process. */
bool mem_guard_owns(const void *block);

#endif
