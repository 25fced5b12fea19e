/*
 * A strand runs its object's turns: on workers alone, never two at a time. It is how everything on
 * the port is kept free of races: completions, timers and other threads only raise events, and the
 * object's state belongs to its turn.
 *
 * The rule. `strand_raise` may be called by any thread that knows the strand's memory to be there.
 * Each event raised before a turn begins is seen by that turn; one raised later brings another
 * turn. The memory may go after `strand_retire`, which is for the strand's own turn alone, and
 * which the object calls when no operation is pending and no timer set; from then on raising does
 * nothing.
 *
 * An object is made in this order: whatever may fail; `strand_join`, the last that may; then, in
 * one place, whatever lets others find it (out parameters, lists); then `strand_go`. From joining
 * on anybody may raise events, and none is lost: the strand counts as scheduled from the beginning,
 * so only `strand_go` queues it.
 */
#ifndef PP_IOCP_STRAND_H
#define PP_IOCP_STRAND_H

#include "base/list.h"
#include "base/win.h"
#include "pipeport.h"

typedef struct strand strand;

/* Does what the events ask for; false when it has retired, and its memory perhaps gone. */
typedef bool strand_fn(strand *s, LONG events);

/* So long others wait for a turn whose callbacks are short. */
#define STRAND_MOST_TURN_NS 2000000u

#define STRAND_SCHEDULED 1L /* private: a turn is running or will run; stays set when retired */
#define STRAND_STOP 2L      /* the port stops: end gracefully */
#define STRAND_ABORT 4L     /* the port stops: end at once */
#define STRAND_EVENT(n) (8L << (n)) /* the object's own events */

struct strand {
    fifo_link ready; /* in a worker's or the inbox's queue while it waits for its turn */
    list member;     /* in the port's list until it retires */
    volatile LONG events;
    strand_fn *turn;
    pp_port *port;
};

void strand_init(strand *s, pp_port *port, strand_fn *turn);

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

/* For workers: runs one turn. True: there are events again, and it must be queued again. */
bool strand_run(strand *s);

#endif
