/*
 * Polling: a worker looks at strands by itself before it sleeps on the port.
 *
 * Why poll. Some strands get their news through memory that another process writes (pipe/lane.h).
 * To be woken by a packet costs both processes a call into the system and a switch of threads,
 * which take longer than the other process needs to answer. So as long as answers come quickly, to
 * look for them is cheaper than to sleep. When none comes, to look is waste, and on few processors
 * it takes the time from the very thread that is waited for.
 *
 * How long. A sleep costs about `cost_ns` for each strand, since each will need a packet to go on.
 * A worker looks for at most twice that time in vain. It has a credit: what looking saved, when
 * news came before a sleep would have ended, and what it wasted otherwise. Without credit the
 * worker sleeps at once. Sleeping earns a little, so that it tries again now and then. On one
 * processor nothing can come while it looks, so each look gives the processor away.
 *
 * Who polls. At most half of the processors, since those who are waited for need theirs, too. A
 * worker beyond them gives what it has to one that polls.
 *
 * The rule. A strand that is polled stays scheduled, so nobody else makes it ready. Whoever takes
 * its link out of a local's `polled`, under the lock of the local, owns it: the worker that polls,
 * or the watch that finds this worker stuck in a turn.
 */
#ifndef PP_IOCP_POLL_H
#define PP_IOCP_POLL_H

#include "iocp/strand.h"

/* Of all workers. */
typedef struct polling {
    unsigned processors;
    uint64_t longest_ns; /* of looking in vain */
    LONG most;           /* workers that poll at once */
    volatile LONG now;   /* of these */
    volatile LONG64 cost_ns;
} polling;

/* Of one worker. */
typedef struct poller {
    polling *all;
    local *local;
    int64_t credit_ns;
    uint64_t looked_ns; /* how long, since it last had something to do */
    uint64_t last_ns;   /* the clock, when it was read last */
    unsigned looks;     /* in vain */
    unsigned held;      /* strands that it looked at last */
} poller;

void polling_init(polling *p, unsigned processors, unsigned workers, uint64_t longest_ns);

/* What a call took that wakes another process: a sleep costs a few of these. */
void polling_note_call(polling *p, uint64_t took_ns);

/* Whether one more worker may poll. */
static inline bool polling_has_room(const polling *p)
{
    return p->now < p->most;
}

void poller_init(poller *p, polling *all, local *l);

/* Takes a strand that stays, or gives it to a worker that polls. */
void poller_add(poller *p, fifo_link *link);

/* Whether this worker polls. */
static inline bool poller_is_at_it(const poller *p)
{
    return p->local->polls;
}

/* Looks once at all that is polled here, and makes ready what needs a turn. False: nothing does. */
bool poller_look(poller *p);

/* After a look in vain: whether to look once more. It pauses before. */
bool poller_goes_on(poller *p);

/* Ends polling: all strands here rest, or become ready. */
void poller_end(poller *p);

/* The same, but hands over what was polled. The watch may call it while the worker is in a turn. */
void poller_steal(poller *p, fifo *taken);

/* After a sleep, which earns credit; it counts only while poller_lacks_credit. */
bool poller_lacks_credit(const poller *p);
void poller_slept(poller *p, uint64_t slept_ns);

#endif
