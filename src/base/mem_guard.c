/*
 * A block's pages, from low addresses to high: the head, fill, the block, fill up to 16 bytes, and
 * a page that is only reserved. Freed blocks wait in a ring, with their addresses still reserved.
 */
#include "base/mem_guard.h"

#include "base/win.h"

#include <stdint.h>
#include <string.h>

#define MEM_GUARD__PAGE ((size_t)4096) /* on x64 and ARM64 */
#define MEM_GUARD__ALIGN ((size_t)16)
#define MEM_GUARD__FILL 0xA5
#define MEM_GUARD__STEP ((size_t)1 << 16) /* Windows reserves addresses in steps of this */
#define MEM_GUARD__KEPT ((size_t)1 << 30) /* addresses of freed blocks that stay reserved */
#define MEM_GUARD__SLOTS (MEM_GUARD__KEPT / MEM_GUARD__STEP)
#define MEM_GUARD__CORRUPTED 0xC0000374 /* STATUS_HEAP_CORRUPTION */

typedef struct guarded {
    unsigned char *block; /* also shows that this is a head */
    size_t size;
    size_t reserved; /* addresses, the last page included */
} guarded;

typedef struct freed {
    void *pages;
    size_t reserved;
} freed;

/* A ring of freed blocks, the oldest at `first`. */
static SRWLOCK mem_guard__lock = SRWLOCK_INIT;
static freed mem_guard__ring[MEM_GUARD__SLOTS];
static size_t mem_guard__first, mem_guard__count, mem_guard__kept;

static size_t mem_guard__round(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

void *mem_guard_alloc(size_t size)
{
    size_t room = mem_guard__round(size, MEM_GUARD__ALIGN), pages;
    guarded *head;
    unsigned char *memory;

    if (size > SIZE_MAX / 2)
        return NULL;
    pages = mem_guard__round(sizeof *head + room, MEM_GUARD__PAGE);
    memory = VirtualAlloc(NULL, pages + MEM_GUARD__PAGE, MEM_RESERVE, PAGE_NOACCESS);
    if (!memory)
        return NULL;
    if (!VirtualAlloc(memory, pages, MEM_COMMIT, PAGE_READWRITE)) {
        VirtualFree(memory, 0, MEM_RELEASE);
        return NULL;
    }
    memset(memory, MEM_GUARD__FILL, pages);
    head = (guarded *)memory;
    head->block = memory + pages - room;
    head->size = size;
    head->reserved = mem_guard__round(pages + MEM_GUARD__PAGE, MEM_GUARD__STEP);
    return head->block;
}

void *mem_guard_alloc_zeroed(size_t count, size_t size)
{
    void *block = size && count > SIZE_MAX / size ? NULL : mem_guard_alloc(count * size);

    if (block)
        memset(block, 0, count * size);
    return block;
}

/* The head of the pages that hold `block`; NULL: these addresses are not reserved. */
static guarded *mem_guard__head(const void *block)
{
    MEMORY_BASIC_INFORMATION found;

    if (!VirtualQuery(block, &found, sizeof found) || found.State == MEM_FREE)
        return NULL;
    return found.AllocationBase;
}

static void mem_guard__corrupted(const void *block)
{
    ULONG_PTR address = (ULONG_PTR)block;

    RaiseException(MEM_GUARD__CORRUPTED, EXCEPTION_NONCONTINUABLE, 1, &address);
}

static bool mem_guard__is_filled(const unsigned char *from, const unsigned char *end)
{
    while (from < end && *from == MEM_GUARD__FILL)
        from++;
    return from == end;
}

static void mem_guard__release_oldest(void)
{
    freed *oldest = &mem_guard__ring[mem_guard__first];

    VirtualFree(oldest->pages, 0, MEM_RELEASE);
    mem_guard__kept -= oldest->reserved;
    mem_guard__first = (mem_guard__first + 1) % MEM_GUARD__SLOTS;
    mem_guard__count--;
}

static void mem_guard__keep(freed block)
{
    AcquireSRWLockExclusive(&mem_guard__lock);
    while (mem_guard__count > 0 && mem_guard__kept + block.reserved > MEM_GUARD__KEPT)
        mem_guard__release_oldest();
    mem_guard__ring[(mem_guard__first + mem_guard__count++) % MEM_GUARD__SLOTS] = block;
    mem_guard__kept += block.reserved;
    ReleaseSRWLockExclusive(&mem_guard__lock);
}

void mem_guard_free(void *block)
{
    guarded *head;
    unsigned char *after;
    freed pages;

    if (!block)
        return;
    head = mem_guard__head(block);
    after = head->block + head->size; /* an access violation if it was freed before */
    if (head->block != block || !mem_guard__is_filled((unsigned char *)(head + 1), head->block) ||
        !mem_guard__is_filled(after, head->block + mem_guard__round(head->size, MEM_GUARD__ALIGN)))
        mem_guard__corrupted(block);
    pages.pages = head;
    pages.reserved = head->reserved;
    VirtualFree(head, 0, MEM_DECOMMIT);
    mem_guard__keep(pages);
}

void *mem_guard_resize(void *block, size_t size)
{
    void *moved = mem_guard_alloc(size);

    if (moved && block) {
        size_t had = mem_guard__head(block)->size;

        memcpy(moved, block, had < size ? had : size);
        mem_guard_free(block);
    }
    return moved;
}

bool mem_guard_owns(const void *block)
{
    guarded *head = mem_guard__head(block);

    return head && head->block == block;
}
