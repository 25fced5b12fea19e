/*
 * The watch: a thread that looks after turns that do not end.
 *
 * A worker runs one turn at a time, and others may be ready behind it. Most turns take
 * microseconds, so it would be waste to hand the others over at once; but a callback may block, and
 * then they would wait for as long as it does. Somebody who is not a worker has to notice. So the
 * watch sleeps while no turn has anything waiting behind it. A worker that begins such a turn wakes
 * it, and from then on it looks once a tick: a turn that was running at the last look and is
 * running still is stuck, and what waits behind it is handed to the other workers. With nothing
 * left to look after, the watch sleeps again: an idle port costs nothing.
 *
 * It also retries the packets that Windows had no memory for, of which nobody else would know.
 *
 * What it looks at, and how it helps, is its owner's function: the watch knows only when to ask.
 *
 * The rule. `awake` is set by whoever wakes it and cleared by the watch alone, before its last
 * look. A turn that begins after that look finds `awake` clear and wakes the watch; one that began
 * earlier is seen by the look. So no turn goes unwatched.
 */
#ifndef PP_IOCP_WATCH_H
#define PP_IOCP_WATCH_H

#include "base/win.h"

#include <stdbool.h>

/* Looks; `after_tick` says that a tick has passed since the last look, so that it may help. True:
 * it has to be asked again after a tick. */
typedef bool watch_look_fn(void *context, bool after_tick);

typedef struct watch {
    HANDLE thread, wake;
    bool helps; /* fixed: one worker alone has nobody to hand over to */
    volatile LONG awake, ending;
    watch_look_fn *look;
    void *context;
} watch;

/* A Windows error or 0. On failure watch_end is still due. */
DWORD watch_start(watch *w, bool helps, watch_look_fn *look, void *context);

/* Ends the thread, if it was started. BLOCKS for at most one look. */
void watch_end(watch *w);

/* Whether it would have to be woken; where it does not help, never. */
static inline bool watch_sleeps(const watch *w)
{
    return w->helps && !w->awake;
}

/* Something waits behind a turn. Costs nothing while the watch is awake. */
void watch_wake(watch *w);

/* The same, also where it does not help: packets have to be retried. From any thread. */
void watch_call(watch *w);

#endif
