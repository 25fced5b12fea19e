#include "iocp/worker.h"

#include "base/clock.h"
#include "base/mem.h"

#define WORKER__MOST_PACKETS 64
#define WORKER__MOST_TURNS 64     /* before the worker asks the port again */
#define WORKER__ROUND_NS 2000000u /* limit of the callbacks of a round */
#define WORKER__ASK_NS 250000u    /* while it polls, the port is asked no more often, */
#define WORKER__ASK_SHARE 16u     /* and takes no more than this part of the time in vain, */
#define WORKER__ASK_MOST 4000000u /* but no less often */
#define WORKER__ROUNDS_A_CLOCK 16u
#define WORKER__FEW_PACKETS 2 /* fewer at once: callbacks take a millisecond or more */

/* ---- What the watch sees -------------------------------------------------------------------- */

/* Something waits that a long turn on this worker would hold up. */
static bool worker__holds_others_up(worker *w)
{
    return local_has_ready(w->local) || w->local->polled.first ||
           timers_need_a_waiter(&w->port->timers) || w->port->standby.used;
}

/* Hands over what waits behind a stuck turn. */
static void worker__help(worker *w)
{
    fifo waiting = {NULL, NULL};

    standby_replace(&w->port->standby, &w->stuck);
    local_steal(w->local, &waiting);
    poller_steal(&w->poller, &waiting);
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

/* Whether other workers get on faster with what this one has. What is polled here comes back if
 * nobody else may poll, which costs more than to run many short callbacks. */
static bool worker__has_helpers(worker *w, unsigned turns)
{
    bool slow = w->local->callback_ns / turns >= WORKER__ROUND_NS / WORKER__FEW_PACKETS;

    return w->port->strands.locals.count > 1 &&
           (slow || !poller_is_at_it(&w->poller) || polling_has_room(&w->port->polling));
}

/* The callbacks of this round took longer than they should. The worker asks the port again, and
 * gives its ready strands to all workers. */
static bool worker__shares(worker *w, unsigned turns)
{
    fifo waiting = {NULL, NULL};

    if (w->local->callback_ns < WORKER__ROUND_NS)
        return false;
    if (worker__has_helpers(w, turns)) {
        local_steal(w->local, &waiting);
        poller_steal(&w->poller, &waiting);
    }
    if (waiting.first)
        inbox_give(&w->port->inbox, &waiting);
    return true;
}

static void worker__run_turn(worker *w, strand *s)
{
    local *l = w->local;
    strand_next next;

    l->turns++;
    l->callback_ns_before = l->callback_ns;
    InterlockedExchangePointer(&l->running, s); /* before `awake` is read */
    WIN_FENCE();
    if (watch_sleeps(&w->port->watch) && worker__holds_others_up(w))
        watch_wake(&w->port->watch);
    next = strand_run(s, l);
    l->running = NULL;
    if (w->stuck)
        standby_return(&w->port->standby, &w->stuck);
    if (next == STRAND_AGAIN)
        local_push(l, &s->ready);
    else if (next == STRAND_STAYS)
        poller_add(&w->poller, &s->ready);
}

/* Runs ready turns, until the worker should ask the port again. Returns how many. */
static unsigned worker__run_turns(worker *w)
{
    unsigned turns = 0;

    for (fifo_link *next; turns < WORKER__MOST_TURNS && (next = local_next(w->local)) != NULL;) {
        worker__run_turn(w, CONTAINER_OF(next, strand, ready));
        turns++;
        if (worker__shares(w, turns))
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

static bool worker__is_busy(worker *w)
{
    return poller_is_at_it(&w->poller) || local_has_ready(w->local);
}

/* Takes packets, or waits for some if it has nothing else to do. Returns how many. */
static ULONG worker__take_packets(worker *w)
{
    OVERLAPPED_ENTRY entries[WORKER__MOST_PACKETS];
    timers *all = &w->port->timers;
    uint64_t deadline = CLOCK_NEVER;
    DWORD wait = worker__is_busy(w) ? 0 : timers_begin_wait(all, &deadline);
    uint64_t began = wait > 0 && poller_lacks_credit(&w->poller) ? clock_ns() : 0;
    ULONG count = kernel_dequeue(&w->port->kernel, entries, worker__room(w), wait);

    if (began > 0)
        poller_slept(&w->poller, clock_ns() - began);
    /* Callbacks are slow and packets did come: more may be queued than the active workers reach
     * soon. */
    if (count > 0 && w->local->slow)
        standby_call(&w->port->standby);
    timers_end_wait(all, deadline);
    for (ULONG i = 0; i < count; i++)
        worker__complete(w, &entries[i]);
    timers_run(all);
    return count;
}

/* While a worker polls, it asks the port now and then: packets and timers must not starve. To ask
 * in vain costs much on some systems, so what it took decides when to ask again. */
static void worker__ask_while_polling(worker *w)
{
    uint64_t now, pause;

    if (++w->rounds % WORKER__ROUNDS_A_CLOCK != 0 && w->local->callback_ns < WORKER__ASK_NS)
        return; /* the last round took no time */
    now = clock_ns();
    if (now < w->ask_at_ns)
        return;
    pause = worker__take_packets(w) > 0 ? 0 : (clock_ns() - now) * WORKER__ASK_SHARE;
    pause = pause < WORKER__ASK_NS ? WORKER__ASK_NS : pause;
    w->ask_at_ns = now + (pause < WORKER__ASK_MOST ? pause : WORKER__ASK_MOST);
}

static void worker__poll(worker *w)
{
    if (!poller_look(&w->poller) && !local_has_ready(w->local) && !poller_goes_on(&w->poller))
        poller_end(&w->poller);
}

static void worker__round(worker *w)
{
    if (poller_is_at_it(&w->poller))
        worker__poll(w);
    if (poller_is_at_it(&w->poller))
        worker__ask_while_polling(w);
    else
        worker__take_packets(w);
    w->local->callback_ns = 0;
    worker__adapt(w, worker__run_turns(w));
}

/* ---- The thread ----------------------------------------------------------------------------- */

/* Whether the other workers can do without it: nothing waits for it, not even a deadline. */
static bool worker__is_spare(worker *w)
{
    return standby_has_too_many(&w->port->standby) && !w->local->slow && !worker__is_busy(w) &&
           !timers_need_a_waiter(&w->port->timers);
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

    for (unsigned i = 0; workers && i < port->strands.locals.count; i++) {
        workers[i] = (worker){
            .port = port, .local = &port->strands.locals.of[i], .packets = WORKER__FEW_PACKETS};
        poller_init(&workers[i].poller, &port->polling, workers[i].local);
    }
    return workers;
}

DWORD worker_start(worker *w)
{
    w->thread = CreateThread(NULL, 0, worker__main, w, 0, NULL);
    return w->thread ? ERROR_SUCCESS : win_last_error();
}
