/*
 * A strand runs its object's turns: on workers alone, never two at a time, in the order in which
 * they became ready. (Asio has the same under this name; others call it a serial queue.)
 *
 * Why strands. An object on the port is touched from many sides: packets that any worker dequeues,
 * timers, its user's threads, the end of the port. With a lock for each object, callbacks would run
 * under it, or every callback would have to expect that the object changed meanwhile. With a thread
 * for each object, ten thousand connections would be ten thousand threads. A strand does neither:
 * whoever has news raises an event, which is one interlocked operation, and a worker then runs one
 * turn that sees all events raised so far. The object's state belongs to its turn, so it needs no
 * lock, and a turn that begins with many events does their work together.
 *
 * The rule. `strand_raise` may be called by any thread that knows the strand's memory to exist.
 * Each event raised before a turn begins is seen by that turn; one raised later brings another
 * turn. The memory may go after `strand_retire`, which is for the strand's own last turn, when no
 * operation is pending and no timer set. A retired strand stays marked as scheduled for good: to
 * raise it does nothing, so a user may hold a reference longer than the port exists.
 *
 * An object is made in this order: everything that may fail; `strand_join`, the last that may; then
 * whatever lets others find it (out parameters, lists); then `strand_go`. From joining on anybody
 * may raise events, and none is lost: the strand counts as scheduled from the beginning, so only
 * `strand_go` makes it ready.
 */
#ifndef PP_IOCP_STRAND_H
#define PP_IOCP_STRAND_H

#include "base/list.h"
#include "base/win.h"
#include "iocp/inbox.h"
#include "iocp/local.h"
#include "iocp/watch.h"

typedef struct strand strand;

/* Does what the events ask for; false when it has retired, and its memory perhaps gone. */
typedef bool strand_fn(strand *s, LONG events);

/* A turn goes on for as long with callbacks while others wait. */
#define STRAND_MOST_TURN_NS 2000000u

#define STRAND_SCHEDULED 1L /* private: a turn is running or will run; stays set when retired */
#define STRAND_STOP 2L      /* the port stops: end gracefully */
#define STRAND_ABORT 4L     /* the port stops: end at once */
#define STRAND_EVENT(n) (8L << (n)) /* the object's own events */

struct strand {
    fifo_link ready; /* on a worker or in the inbox while it waits for its turn */
    list member;     /* among the strands of the port until it retires */
    volatile LONG events;
    strand_fn *turn;
    struct strands *all;
};

typedef enum strands_state { STRANDS_RUNNING, STRANDS_STOPPING, STRANDS_ABORTING } strands_state;

/* All strands of a port, and the workers' own parts: here, so that asking for one needs the address
 * alone (local.h). */
typedef struct strands {
    locals locals;
    inbox *inbox;
    watch *watch;
    SRWLOCK lock; /* for what follows */
    list members; /* that have not retired */
    strands_state state;
    bool told;                      /* that it is over */
    void (*is_over)(void *context); /* stopped, and none is left: once, under the lock */
    void *context;
} strands;

void strands_init(strands *all, inbox *in, watch *w, void (*is_over)(void *context), void *context);

/* Raises `event` for every member, the first time that it goes on to `state`. */
void strands_stop(strands *all, strands_state state, LONG event);

/* After it is over: waits until the thread that stopped it has left the lock. */
void strands_free(strands *all);

void strand_init(strand *s, strands *all, strand_fn *turn);

/* Joins the port, which from now on does not end before the strand retires. False: the port stops,
 * and nothing has happened. */
bool strand_join(strand *s);

/* Raises the first events. The last step of making an object: its turn may run, and end it, before
 * this returns. */
void strand_go(strand *s, LONG events);

void strand_raise(strand *s, LONG events);

/* Whether the calling thread is running this strand's turn. */
bool strand_is_here(const strand *s);

/* For a turn: whether its callbacks have taken STRAND_MOST_TURN_NS together. Then it ends as soon
 * as it can, and raises an event for another. */
bool strand_turn_is_long(const strand *s);

/* For a turn: whether those of others follow on it soon, on the same worker. */
bool strand_has_others(const strand *s);

/* A message is being delivered in this turn: what is sent meanwhile, also to others, answers it. */
void strand_set_answering(strand *s, bool answering);
bool strand_is_answering(const strand *s);

/* Leaves the port, which may be gone afterwards; for the last turn, which then returns false, and
 * for what will never go, whether or not it has joined. */
void strand_retire(strand *s);

/* For workers: runs one turn. True: there are events again, and it must be made ready again. */
bool strand_run(strand *s);

#endif
