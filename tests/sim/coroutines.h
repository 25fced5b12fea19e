/* Coroutines: who runs changes without a call into the kernel. */
#ifndef SIM_COROUTINES_H
#define SIM_COROUTINES_H

#include <stdbool.h>

typedef struct coroutine_stack coroutine_stack;

typedef struct coroutine {
    coroutine_stack *stack;
    void (*main)(void); /* never returns */
    void *left_at[5];   /* where it goes on, once it has begun */
    bool begun;
} coroutine;

/* Takes a stack that was kept, or makes one. */
void coroutine_init(coroutine *c, void (*main)(void));

/* Its stack is for the next, whether or not it came to an end. */
void coroutine_keep(coroutine *c);

/* From outside: begins the first; returns when coroutine_leave is called in any. */
void coroutine_run(coroutine *first);
void coroutine_leave(void);

/* Returns when somebody switches to `from`. */
void coroutine_switch(coroutine *from, coroutine *to);

/* Does not return. */
void coroutine_enter(coroutine *to);

#endif
