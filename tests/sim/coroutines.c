/*
 * Coroutines, by the compiler's own jumps. The C library's contexts ask the kernel for the signals
 * at each change, which takes longer than all else in a run: they serve for the first coroutine of
 * each stack alone.
 */
#define _XOPEN_SOURCE 700
#include "coroutines.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <ucontext.h>

#define COROUTINES__STACK (256u * 1024)
#define COROUTINES__MOST_KEPT 256

/* AddressSanitizer takes a jump for the end of all frames that it leaves. */
#define COROUTINES__JUMPS __attribute__((noinline, no_sanitize("address")))

/* The first frame stays, whatever becomes of those above it, for the next coroutine. */
struct coroutine_stack {
    void *entry[5];
    bool used;
    void (*main)(void); /* of the next */
    char memory[COROUTINES__STACK];
};

static coroutine_stack *kept[COROUTINES__MOST_KEPT], *beginning;
static unsigned kept_count;
static void *outside[5];

void coroutine_init(coroutine *c, void (*main)(void))
{
    c->stack = kept_count > 0 ? kept[--kept_count] : calloc(1, sizeof *c->stack);
    c->main = main;
    c->begun = false;
}

void coroutine_keep(coroutine *c)
{
    if (kept_count < COROUTINES__MOST_KEPT)
        kept[kept_count++] = c->stack;
}

static COROUTINES__JUMPS void coroutines__main(void)
{
    __builtin_setjmp(beginning->entry);
    ASAN_UNPOISON_MEMORY_REGION(beginning->memory, COROUTINES__STACK);
    beginning->main();
}

static COROUTINES__JUMPS void coroutines__begin(coroutine_stack *stack)
{
    ucontext_t context;

    beginning = stack;
    if (stack->used)
        __builtin_longjmp(stack->entry, 1);
    stack->used = true;
    getcontext(&context);
    context.uc_stack.ss_sp = stack->memory;
    context.uc_stack.ss_size = COROUTINES__STACK;
    makecontext(&context, coroutines__main, 0);
    setcontext(&context);
}

COROUTINES__JUMPS void coroutine_enter(coroutine *to)
{
    if (to->begun)
        __builtin_longjmp(to->left_at, 1);
    to->begun = true;
    to->stack->main = to->main;
    coroutines__begin(to->stack);
}

COROUTINES__JUMPS void coroutine_switch(coroutine *from, coroutine *to)
{
    if (__builtin_setjmp(from->left_at) == 0)
        coroutine_enter(to);
}

COROUTINES__JUMPS void coroutine_run(coroutine *first)
{
    if (__builtin_setjmp(outside) == 0)
        coroutine_enter(first);
}

COROUTINES__JUMPS void coroutine_leave(void)
{
    __builtin_longjmp(outside, 1);
}
