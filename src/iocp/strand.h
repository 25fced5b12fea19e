/*
 * A strand runs its object's turns: only on workers, never two at a time, in the order in which
 * they became ready. (Asio has the same under this name; others call it a serial queue.)
 *
 * Why strands. Many threads touch an object on the port: workers that dequeue its packets, timers,
 * the user's threads, a thread that stops the port. A lock for each object would have callbacks run
 * under it. If callbacks ran outside the lock, each of them would have to expect that the object
 * changed meanwhile. A thread for each object would make ten thousand connections ten thousand
 * threads. A strand needs none of these. A thread with news raises an event, which is one
 * interlocked operation. A worker then runs one turn, which sees all events raised so far. The
 * object's state belongs to its turn, so it needs no lock, and a turn that begins with many events
 * does their work together.
 *
 * The rule. Any thread may call `strand_raise` while it knows that the strand's memory exists. A
 * turn sees every event raised before it began; an event raised later brings another turn. The
 * strand's own last turn calls `strand_retire`, when no operation is pending and no timer is set.
 * After that the memory may go. A retired strand stays marked as scheduled for good, so raising it
 * does nothing, and a user may hold a reference longer than the port exists.
 *
 * Making an object follows this order: everything that may fail; `strand_join`, the last step that
 * may; then out parameters and lists, by which others find the object; then `strand_go`. Once it
 * has joined, any thread may raise events, and none is lost: the strand begins as scheduled, so
 * only `strand_go` makes it ready.
 */
#ifndef PP_IOCP_STRAND_H
#define PP_IOCP_STRAND_H

#include "base/list.h"
#include "base/win.h"
#include "iocp/inbox.h"
#include "iocp/local.h"
#include "iocp/watch.h"

typedef struct strand strand;

/* Does what the events ask for. False: the strand has retired, and its memory may be gone. */
typedef bool strand_fn(strand *s, LONG events);

/* A turn with callbacks goes on for at most so long while others wait. */
#define STRAND_MOST_TURN_NS 2000000u

#define STRAND_SCHEDULED 1L /* private: a turn is running or will run; stays set when retired */
#define STRAND_STOP 2L      /* the port stops: end gracefully */
#define STRAND_ABORT 4L     /* the port stops: end at once */
#define STRAND_EVENT(n) (8L << (n)) /* the object's own events */

/* Not events: what a worker asks a strand that stays (strand_stay), each alone, and outside of
 * turns. STRAND_LOOK: whether a turn would find something to do. STRAND_REST: to see to it that an
 * event will come when there is something; false: there is something already. */
#define STRAND_LOOK ((LONG)0x80000000)
#define STRAND_REST ((LONG)0xC0000000)

struct strand {
    fifo_link ready; /* on a worker or in the inbox while it waits for its turn */
    list member;     /* among the strands of the port until it retires */
    volatile LONG events;
    strand_fn *turn;
    struct strands *all;
    local *here; /* in a turn: of the worker that runs it */
};

typedef enum strands_state { STRANDS_RUNNING, STRANDS_STOPPING, STRANDS_ABORTING } strands_state;

/* All strands of a port. The workers' locals are part of it, so that local_here needs its address
 * alone. */
typedef struct strands {
    locals locals;
    inbox *inbox;
    watch *watch;
    SRWLOCK lock; /* for what follows */
    list members; /* strands that have not retired */
    strands_state state;
    bool told;                      /* is_over was called */
    void (*is_over)(void *context); /* stopped, and none is left: once, under the lock */
    void *context;
} strands;

void strands_init(strands *all, inbox *in, watch *w, void (*is_over)(void *context), void *context);

/* Raises `event` for every member when it first reaches `state`. A later state overrides an
 * earlier. */
void strands_stop(strands *all, strands_state state, LONG event);

/* After is_over: waits until the thread that stopped the port has left the lock. */
void strands_free(strands *all);

void strand_init(strand *s, strands *all, strand_fn *turn);

/* Joins the port, which then does not end before the strand retires. False: the port stops, and
 * nothing has happened. */
bool strand_join(strand *s);

/* Raises the first events: the last step of making an object. Its turn may run, and end the object,
 * before this returns. */
void strand_go(strand *s, LONG events);

void strand_raise(strand *s, LONG events);

/* Whether the calling thread is running this strand's turn. */
bool strand_is_here(const strand *s);

/* For a turn: whether its callbacks have taken STRAND_MOST_TURN_NS together. The turn should then
 * end soon, and raise an event to go on later. */
static inline bool strand_turn_is_long(const strand *s)
{
    return s->here->callback_ns - s->here->callback_ns_before > STRAND_MOST_TURN_NS;
}

/* For a turn: whether this worker will soon run turns of other strands. */
bool strand_has_others(const strand *s);

/* For a turn that expects no packet: the strand stays scheduled, and after the turn a worker looks
 * at it again and again (poll.h). */
void strand_stay(const strand *s);

/* For workers, of a strand that stayed: whether it needs a turn. */
static inline bool strand_stirs(strand *s)
{
    return s->events != STRAND_SCHEDULED || s->turn(s, STRAND_LOOK);
}

/* For workers: it stays no longer. False: it needs a turn at once. */
bool strand_rest(strand *s);

/* This turn is delivering a message: whatever it sends meanwhile, on any connection, is an answer.
 * Any thread may ask whether it does so itself. */
static inline void strand_set_answering(strand *s, bool answering)
{
    s->here->answering = answering;
}
bool strand_is_answering(const strand *s);

/* Leaves the port, which may be gone afterwards. For the last turn, which then returns false; and
 * for a strand that never goes, whether or not it has joined. */
void strand_retire(strand *s);

typedef enum strand_next {
    STRAND_IDLE,  /* nothing to do: its memory may be gone */
    STRAND_AGAIN, /* new events came, and the worker must make it ready again */
    STRAND_STAYS  /* the worker must look at it */
} strand_next;

/* For workers: runs one turn. */
strand_next strand_run(strand *s, local *here);

#endif
