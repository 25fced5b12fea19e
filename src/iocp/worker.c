#include "iocp/worker.h"

#include "base/clock.h"
#include "base/mem.h"

#define WORKER__MOST_PACKETS 64
#define WORKER__MOST_TURNS 64     /* before the worker asks the port again */
#define WORKER__ROUND_NS 2000000u /* limit of the callbacks of a round */
#define WORKER__FEW_PACKETS 2     /* fewer at once: callbacks take a millisecond or more */

/* ---- What the watch sees -------------------------------------------------------------------- */

/* Something waits that a long turn on this worker would hold up. */
static bool worker__holds_others_up(worker *w)
{
    return local_has_ready(w->local) || timers_need_a_waiter(&w->port->timers) ||
           w->port->standby.used;
}

/* Hands over what waits behind a stuck turn. */
static void worker__help(worker *w)
{
    fifo waiting = {NULL, NULL};

    standby_replace(&w->port->standby, &w->stuck);
    local_steal(w->local, &waiting);
    if (waiting.first)
        inbox_give(&w->port->inbox, &waiting);
    else if (timers_need_a_waiter(&w->port->timers))
        inbox_wake(&w->port->inbox);
}

static bool worker__look(worker *w, bool after_tick)
{
    LONG turns = w->local->turns;
    bool moved = turns != w->turns_seen, running = w->local->running != NULL;

    if (after_tick && running && !moved)
        worker__help(w);
    w->turns_seen = turns;
    /* With workers on standby the watch looks at every turn: to sleep in between would cost
     * more. */
    return running || (w->port->standby.used && moved);
}

bool workers_look(void *context, bool after_tick)
{
    pp_port *port = context;
    unsigned count = port->strands.locals.count;
    bool again = kernel_pay(&port->kernel);

    for (unsigned i = 0; count > 1 && i < count; i++)
        again = worker__look(&port->workers[i], after_tick) || again;
    return again;
}

/* ---- A round -------------------------------------------------------------------------------- */

/* The callbacks of this round took longer than they should. The worker asks the port again, and
 * gives its ready strands to all workers. */
static bool worker__shares(worker *w)
{
    fifo waiting = {NULL, NULL};

    if (w->local->callback_ns < WORKER__ROUND_NS)
        return false;
    if (w->port->strands.locals.count > 1)
        local_steal(w->local, &waiting);
    if (waiting.first)
        inbox_give(&w->port->inbox, &waiting);
    return true;
}

static void worker__run_turn(worker *w, strand *s)
{
    local *l = w->local;
    bool again;

    l->turns++;
    l->callback_ns_before = l->callback_ns;
    InterlockedExchangePointer(&l->running, s); /* before `awake` is read */
    WIN_FENCE();
    if (watch_sleeps(&w->port->watch) && worker__holds_others_up(w))
        watch_wake(&w->port->watch);
    again = strand_run(s);
    l->running = NULL;
    if (w->stuck)
        standby_return(&w->port->standby, &w->stuck);
    if (again)
        local_push(l, &s->ready);
}

/* Runs ready turns, until the worker should ask the port again. Returns how many. */
static unsigned worker__run_turns(worker *w)
{
    unsigned turns = 0;

    for (fifo_link *next; turns < WORKER__MOST_TURNS && (next = local_next(w->local)) != NULL;) {
        worker__run_turn(w, CONTAINER_OF(next, strand, ready));
        turns++;
        if (worker__shares(w))
            break;
    }
    return turns;
}

/* The longer callbacks take, the fewer packets this worker takes away from the others. */
static void worker__adapt(worker *w, unsigned turns)
{
    uint64_t took_ns = w->local->callback_ns, fit;

    if (turns == 0)
        return;
    fit = took_ns > 0 ? (uint64_t)WORKER__ROUND_NS * turns / took_ns : WORKER__MOST_PACKETS;
    if (fit > (uint64_t)w->packets * 2)
        fit = (uint64_t)w->packets * 2;
    w->packets = fit < 1 ? 1 : fit > WORKER__MOST_PACKETS ? WORKER__MOST_PACKETS : (unsigned)fit;
    w->local->slow = w->packets < WORKER__FEW_PACKETS;
}

static void worker__take_from_inbox(worker *w)
{
    fifo taken = {NULL, NULL};

    inbox_take(&w->port->inbox, &taken, w->packets);
    local_push_all(w->local, &taken);
}

static void worker__complete(worker *w, const OVERLAPPED_ENTRY *entry)
{
    op *o;
    DWORD error, bytes;

    if (entry->lpCompletionKey == KERNEL_KEY_INBOX)
        worker__take_from_inbox(w);
    if (entry->lpCompletionKey != KERNEL_KEY_OPERATION)
        return; /* KERNEL_KEY_EXIT only wakes */
    o = CONTAINER_OF(entry->lpOverlapped, op, overlapped);
    local_count(w->local, COUNT_OP_PENDING, -1);
    kernel_result(entry, &error, &bytes);
    o->complete(o, error, bytes);
}

/* How many packets to ask for: no more than connections exist. If fewer come than were asked for,
 * Wine looks once more in vain, which is a request to its server. */
static ULONG worker__room(const worker *w)
{
    LONG64 connections = w->port->connections_now;

    return connections < 1 ? 1 : connections < (LONG64)w->packets ? (ULONG)connections : w->packets;
}

static void worker__round(worker *w)
{
    OVERLAPPED_ENTRY entries[WORKER__MOST_PACKETS];
    timers *all = &w->port->timers;
    uint64_t deadline = CLOCK_NEVER;
    DWORD wait = local_has_ready(w->local) ? 0 : timers_begin_wait(all, &deadline);
    ULONG count = kernel_dequeue(&w->port->kernel, entries, worker__room(w), wait);

    /* Callbacks are slow and packets did come: more may be queued than the active workers reach
     * soon. */
    if (count > 0 && w->local->slow)
        standby_call(&w->port->standby);
    timers_end_wait(all, deadline);
    for (ULONG i = 0; i < count; i++)
        worker__complete(w, &entries[i]);
    timers_run(all);
    w->local->callback_ns = 0;
    worker__adapt(w, worker__run_turns(w));
}

/* ---- The thread ----------------------------------------------------------------------------- */

/* Whether the other workers can do without it: nothing waits for it, not even a deadline. */
static bool worker__is_spare(worker *w)
{
    return standby_has_too_many(&w->port->standby) && !w->local->slow &&
           !local_has_ready(w->local) && !timers_need_a_waiter(&w->port->timers);
}

static DWORD WINAPI worker__main(void *argument)
{
    worker *w = argument;

    local_enter(w->local);
    while (!port_is_over(w->port)) {
        /* A worker that was called in does one round before it may stand by again: only its own
         * round tells it whether callbacks are slow. */
        if (worker__is_spare(w))
            standby_wait(&w->port->standby);
        worker__round(w);
    }
    kernel_wake(&w->port->kernel, KERNEL_KEY_EXIT); /* each worker wakes the next */
    return 0;
}

worker *workers_new(pp_port *port)
{
    worker *workers = mem_alloc_zeroed(port->strands.locals.count * sizeof *workers);

    for (unsigned i = 0; workers && i < port->strands.locals.count; i++)
        workers[i] = (worker){
            .port = port, .local = &port->strands.locals.of[i], .packets = WORKER__FEW_PACKETS};
    return workers;
}

DWORD worker_start(worker *w)
{
    w->thread = CreateThread(NULL, 0, worker__main, w, 0, NULL);
    return w->thread ? ERROR_SUCCESS : win_last_error();
}
