/*
 * Calls into the system on their way there: the linker leads each call of calls.h through here
 * (--wrap). Here a call is traced, and here it fails although it need not: by a rate, or its nth
 * time. The library's allocations fail here, too.
 */
#include "calls.h"

#include "base/mem_guard.h"
#include "files.h"

#include <malloc.h>
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#define CALLS__MOST_FREED 64 /* blocks */
#define CALLS__MOST_FILLED 4096
#define CALLS__FREED 0xDE /* as a strand's events: not scheduled */

static struct {
    uint32_t one_in;
    sim_call which;
    unsigned left, blocks;
    bool by_walk, hit;
    void *freed[CALLS__MOST_FREED];
    size_t freed_count;
} faults;

static size_t faults__filled_size(void *block)
{
    size_t size = malloc_usable_size(block);

    return size < CALLS__MOST_FILLED ? size : CALLS__MOST_FILLED;
}

/* Nobody has written to the block since it was freed. */
static void faults__let_go(void **place)
{
    unsigned char *block = *place;
    size_t size = faults__filled_size(block);

    *place = NULL;
    ASAN_UNPOISON_MEMORY_REGION(block, size);
    if (size > 0 && (*block != CALLS__FREED || memcmp(block, block + 1, size - 1) != 0))
        sim_fail("a block of memory is written to that was freed");
    free(block);
}

void faults_let_go(void)
{
    for (size_t i = 0; i < CALLS__MOST_FREED; i++)
        faults__let_go(&faults.freed[i]);
}

void faults_none(void)
{
    faults_let_go();
    memset(&faults, 0, sizeof faults);
}

void faults_at_rate(uint32_t one_in)
{
    faults.one_in = one_in;
}

void faults_at(sim_call which, unsigned nth)
{
    faults.by_walk = true;
    faults.which = which;
    faults.left = nth;
}

bool faults_hit(void)
{
    return faults.hit;
}

unsigned faults_blocks(void)
{
    return faults.blocks;
}

/* Whether this call fails now. */
static bool faults__now(sim_call which)
{
    bool now;

    if (sim_is_spared())
        return false;
    if (faults.by_walk)
        now = which == faults.which && faults.left > 0 && --faults.left == 0;
    else
        now = faults.one_in > 0 && sim_chance(faults.one_in);
    faults.hit = faults.hit || now;
    return now;
}

/* ---- Memory: the seam of -Dmemory=guard ------------------------------------------------------ */

static void *faults__allocate(size_t size, void *(*make)(size_t size))
{
    void *block = faults__now(CALL_ALLOCATION) ? NULL : make(size);

    faults.blocks += block != NULL;
    sim_trace("allocation of %zu: %s", size, block ? "made" : "none");
    return block;
}

/* A new block holds what no program may count on. */
static void *faults__filled(size_t size)
{
    void *block = malloc(size);

    return block ? memset(block, 0xA5, faults__filled_size(block)) : NULL;
}

static void *faults__zeroed(size_t size)
{
    return calloc(1, size);
}

void *mem_guard_alloc(size_t size)
{
    return faults__allocate(size, faults__filled);
}

void *mem_guard_alloc_zeroed(size_t count, size_t size)
{
    return faults__allocate(count * size, faults__zeroed);
}

void *mem_guard_resize(void *block, size_t size)
{
    void *moved = faults__now(CALL_ALLOCATION) ? NULL : realloc(block, size);

    faults.blocks += moved && !block;
    sim_trace("allocation of %zu again: %s", size, moved ? "made" : "none");
    return moved;
}

/* Whoever still uses a freed block finds what no program may count on: for a while no other block
 * takes its place. */
void mem_guard_free(void *block)
{
    void **place = &faults.freed[faults.freed_count++ % CALLS__MOST_FREED];

    if (!block)
        return;
    faults.blocks--;
    faults__let_go(place);
    memset(block, CALLS__FREED, faults__filled_size(block));
    ASAN_POISON_MEMORY_REGION(block, faults__filled_size(block));
    *place = block;
}

bool mem_guard_owns(const void *block)
{
    return block != NULL;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

/* Windows may say that an operation is pending before it fails. */
static BOOL calls__fail_pending(HANDLE handle, OVERLAPPED *o)
{
    sim_target *target = o ? sim_target_of(handle) : NULL;

    if (!target || !(target->port || o->hEvent) || !sim_chance(2))
        return FALSE;
    o->Internal = SIM_PENDING;
    sim_complete(target, o, CALLS_NO_RESOURCES, 0);
    SetLastError(ERROR_IO_PENDING);
    return TRUE;
}

static void calls__fail(HANDLE handle, OVERLAPPED *o, const DWORD *errors, size_t count)
{
    sim_point();
    if (!calls__fail_pending(handle, o))
        SetLastError(errors[sim_draw((uint32_t)count)]);
}

static void calls__trace(const char *name, HANDLE handle, intptr_t result)
{
    DWORD error = GetLastError();

    if (result > INT16_MAX)
        sim_trace("%s(%d) = an address", name, (int)(intptr_t)handle);
    else if (result == 0 || result == -1)
        sim_trace("%s(%d) = %d, error %u", name, (int)(intptr_t)handle, (int)result, error);
    else
        sim_trace("%s(%d) = %d", name, (int)(intptr_t)handle, (int)result);
}

#define CALLS__WRAP(type, name, parameters, arguments, handle, o, failed, ...)                     \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        static const DWORD errors[] = {__VA_ARGS__};                                               \
        type result;                                                                               \
                                                                                                   \
        if (errors[0] != 0 && faults__now(CALL_##name)) {                                          \
            calls__fail(handle, o, errors, sizeof errors / sizeof *errors);                        \
            result = failed;                                                                       \
        } else {                                                                                   \
            result = __real_##name arguments;                                                      \
            if ((o) != NULL) /* the packet may be taken before the call returns */                 \
                sim_point();                                                                       \
        }                                                                                          \
        calls__trace(#name, handle, (intptr_t)result);                                             \
        return result;                                                                             \
    }
SIM_CALLS(CALLS__WRAP)

#define CALLS__FIRST(first, ...) ((first) != 0)
#define CALLS__ROW(type, name, parameters, arguments, handle, o, failed, ...)                      \
    {#name, CALLS__FIRST(__VA_ARGS__, 0)},
static const struct {
    const char *name;
    bool can_fail;
} calls[CALL_COUNT] = {SIM_CALLS(CALLS__ROW){"allocation", true}};

const char *faults_name(sim_call which)
{
    return calls[which].name;
}

bool faults_can_fail(sim_call which)
{
    return calls[which].can_fail;
}
