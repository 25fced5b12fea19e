/*
 * The watch: a thread that notices turns that do not end.
 *
 * Why a watch. A worker runs one turn at a time, and others may be ready behind it. Most turns take
 * microseconds, so handing the others over at once would be waste. But a callback may block, and
 * then they would wait for as long as it does. The blocked worker cannot help them, so another
 * thread must notice.
 *
 * How it works. The watch sleeps while nothing waits behind a turn. A worker that begins a turn
 * with something behind it wakes the watch, which from then on looks once a tick. A turn that was
 * running at the last look and still runs is stuck. The watch hands what waits behind it to the
 * other workers. When no turn is left to look after, the watch sleeps again. So an idle port costs
 * nothing, and a busy one costs a look each tick, not a call for each turn.
 *
 * The watch also retries the packets that Windows had no memory for, since no worker would know of
 * them. What it looks at, and how it helps, is its owner's function: the watch decides only when to
 * call that.
 *
 * The rule. watch_wake sets `awake`, and so does the watch when its last look finds something. Only
 * the watch clears it, before that look. A turn that begins after the look finds `awake` clear and
 * wakes the watch. The look sees a turn that began earlier. So no turn goes unwatched.
 */
#ifndef PP_IOCP_WATCH_H
#define PP_IOCP_WATCH_H

#include "base/win.h"

#include <stdbool.h>

/* Looks. `after_tick`: a tick has passed since the last look, so the function may help. True: the
 * watch must call it again after a tick. */
typedef bool watch_look_fn(void *context, bool after_tick);

typedef struct watch {
    HANDLE thread, wake;
    bool helps; /* fixed; a single worker has no other to hand over to */
    volatile LONG awake, ending;
    watch_look_fn *look;
    void *context;
} watch;

/* Returns a Windows error or 0; after an error watch_end is still due. */
DWORD watch_start(watch *w, bool helps, watch_look_fn *look, void *context);

/* Ends the thread, if it was started. BLOCKS for at most one look. */
void watch_end(watch *w);

/* Whether a worker has to wake it; never if it does not help. */
static inline bool watch_sleeps(const watch *w)
{
    return w->helps && !w->awake;
}

/* Something waits behind a turn. Costs nothing while the watch is awake. */
void watch_wake(watch *w);

/* Wakes it even if it does not help: packets have to be retried. From any thread. */
void watch_call(watch *w);

#endif
