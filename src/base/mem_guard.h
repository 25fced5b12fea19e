/*
 * The allocator of -Dmemory=guard. Memory errors end the process at once:
 *
 *   - A block ends at the end of a page, or up to 15 bytes before it, since blocks are aligned to
 *     16. Nobody can touch the page after it: an overrun past the page is an access violation.
 *   - The rest of the block's pages holds a fill. A shorter overrun, or a write before the block,
 *     changes the fill, and the free of the block raises STATUS_HEAP_CORRUPTION. It does not notice
 *     a read of the fill.
 *   - A freed block loses its pages, and no other block gets its addresses until 1 GiB of addresses
 *     was freed after it. A use after free, or a second free, is an access violation.
 *
 * A new block holds the fill, not zeros. Each block costs 64 KiB of addresses and four system
 * calls: this is for tests.
 */
#ifndef PP_BASE_MEM_GUARD_H
#define PP_BASE_MEM_GUARD_H

#include <stdbool.h>
#include <stddef.h>

void *mem_guard_alloc(size_t size);
void *mem_guard_alloc_zeroed(size_t count, size_t size);
void *mem_guard_resize(void *block, size_t size);
void mem_guard_free(void *block);

/* Whether `block`, which points to memory of this process, is one of these. */
bool mem_guard_owns(const void *block);

#endif
