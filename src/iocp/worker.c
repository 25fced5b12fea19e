#include "iocp/worker.h"

#include "base/clock.h"
#include "iocp/inbox.h"
#include "iocp/kernel.h"
#include "iocp/port.h"
#include "iocp/strand.h"
#include "iocp/watch.h"

#define WORKER__MOST_PACKETS 64
#define WORKER__MOST_TURNS 64     /* before the port is asked again */
#define WORKER__BATCH_NS 2000000u /* what a batch should take at the most */
#define WORKER__FAST_BATCH 2      /* callbacks of a millisecond and more wait for something */

/* Where each thread finds the worker that it is. One slot for all ports, so that the question can
 * be asked of a port that is gone. */
static DWORD worker__slot;

static BOOL CALLBACK worker__take_slot(INIT_ONCE *once, void *argument, void **context)
{
    (void)once, (void)argument, (void)context;
    worker__slot = TlsAlloc();
    return worker__slot != TLS_OUT_OF_INDEXES;
}

DWORD worker_prepare(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

    return InitOnceExecuteOnce(&once, worker__take_slot, NULL, NULL) ? ERROR_SUCCESS
                                                                     : GetLastError();
}

worker *worker_current(const pp_port *port)
{
    worker *w = TlsGetValue(worker__slot);

    return w && w->port == port ? w : NULL;
}

void worker_push(worker *w, strand *s)
{
    AcquireSRWLockExclusive(&w->lock);
    fifo_append(&w->ready, &s->ready);
    ReleaseSRWLockExclusive(&w->lock);
    if (w->running)
        watch_turn(w);
}

static strand *worker__next(worker *w)
{
    fifo_link *link;

    AcquireSRWLockExclusive(&w->lock);
    link = fifo_take(&w->ready);
    ReleaseSRWLockExclusive(&w->lock);
    return link ? CONTAINER_OF(link, strand, ready) : NULL;
}

bool worker_has_ready(worker *w)
{
    bool has;

    AcquireSRWLockExclusive(&w->lock);
    has = w->ready.first != NULL;
    ReleaseSRWLockExclusive(&w->lock);
    return has;
}

bool worker_batch_goes_on(worker *w)
{
    return w->batch >= WORKER__FAST_BATCH && worker_has_ready(w);
}

void worker_rob(worker *w, fifo *taken)
{
    AcquireSRWLockExclusive(&w->lock);
    fifo_move(taken, &w->ready);
    ReleaseSRWLockExclusive(&w->lock);
}

/* Callbacks took longer than a batch should: the port is asked again, and what still waits here is
 * for all workers. */
static bool worker__shares(worker *w)
{
    fifo waiting = {NULL, NULL};

    if (w->callback_ns < WORKER__BATCH_NS)
        return false;
    if (w->port->worker_count > 1)
        worker_rob(w, &waiting);
    if (waiting.first)
        inbox_give(w->port, &waiting);
    return true;
}

/* Runs ready turns, for as long as the port may go unasked; returns how many. */
static unsigned worker__run_turns(worker *w)
{
    unsigned turns = 0;

    for (strand *s; turns < WORKER__MOST_TURNS && (s = worker__next(w)) != NULL; turns++) {
        bool again;

        w->turns++;
        w->callback_ns_before = w->callback_ns;
        InterlockedExchangePointer((void *volatile *)&w->running, s); /* before the watch's flag */
        WIN_FENCE();
        watch_turn(w);
        again = strand_run(s);
        w->running = NULL;
        if (w->stuck)
            standby_return(&w->port->standby, w);
        if (again)
            worker_push(w, s);
        if (worker__shares(w))
            return turns + 1;
    }
    return turns;
}

/* The longer callbacks take, the fewer packets are taken from the other workers. */
static void worker__adapt(worker *w, unsigned turns)
{
    uint64_t took_ns = w->callback_ns, fit;

    if (turns == 0)
        return;
    fit = took_ns > 0 ? (uint64_t)WORKER__BATCH_NS * turns / took_ns : WORKER__MOST_PACKETS;
    if (fit > (uint64_t)w->batch * 2)
        fit = (uint64_t)w->batch * 2;
    w->batch = fit < 1 ? 1 : fit > WORKER__MOST_PACKETS ? WORKER__MOST_PACKETS : (unsigned)fit;
}

static void worker__complete(worker *w, const OVERLAPPED_ENTRY *entry)
{
    op *o;
    DWORD error, bytes;

    if (entry->lpCompletionKey == PORT_KEY_INBOX) {
        AcquireSRWLockExclusive(&w->lock);
        inbox_take(w->port, &w->ready, w->batch);
        ReleaseSRWLockExclusive(&w->lock);
        return;
    }
    if (entry->lpCompletionKey != PORT_KEY_OPERATION)
        return; /* PORT_KEY_EXIT only wakes */
    o = CONTAINER_OF(entry->lpOverlapped, op, overlapped);
    counter_add(w->port, COUNT_OP_PENDING, -1);
    kernel_result(entry, &error, &bytes);
    o->complete(o, error, bytes);
}

/* How many packets to ask for: no more than connections may have, since the system looks in vain
 * for each that is not there. */
static ULONG worker__room(const worker *w)
{
    LONG64 connections = w->port->connections_now;

    return connections < 1 ? 1 : connections < (LONG64)w->batch ? (ULONG)connections : w->batch;
}

static void worker__round(worker *w)
{
    OVERLAPPED_ENTRY entries[WORKER__MOST_PACKETS];
    uint64_t deadline = CLOCK_NEVER;
    bool busy = worker_has_ready(w);
    DWORD wait = busy ? 0 : timers_cover(&w->port->timers, &deadline);
    ULONG count = kernel_dequeue(w->port, entries, worker__room(w), wait);

    if (count > 0 && w->batch < WORKER__FAST_BATCH)
        standby_call(&w->port->standby); /* more may wait than slow callbacks leave time for */
    timers_uncover(&w->port->timers, deadline);
    for (ULONG i = 0; i < count; i++)
        worker__complete(w, &entries[i]);
    timers_run(&w->port->timers);
    w->callback_ns = 0;
    worker__adapt(w, worker__run_turns(w));
}

/* Whether the others can do without it: nothing waits for it, not even a deadline. */
static bool worker__is_spare(worker *w)
{
    return standby_has_too_many(&w->port->standby) && w->batch >= WORKER__FAST_BATCH &&
           !worker_has_ready(w) && !timers_are_uncovered(&w->port->timers);
}

static DWORD WINAPI worker__main(void *argument)
{
    worker *w = argument;

    TlsSetValue(worker__slot, w);
    while (!port_has_ended(w->port)) {
        if (worker__is_spare(w))
            standby_wait(&w->port->standby); /* and who is called has a round, to see how slow */
        worker__round(w);
    }
    /* One packet wakes one worker, which wakes the next. */
    if (kernel_post(w->port, PORT_KEY_EXIT) != ERROR_SUCCESS)
        watch_owe(w->port, WATCH_OWES_EXIT);
    return 0;
}

DWORD worker_start(worker *w, pp_port *port)
{
    w->port = port;
    w->batch = WORKER__FAST_BATCH;
    InitializeSRWLock(&w->lock);
    w->thread = CreateThread(NULL, 0, worker__main, w, 0, &w->thread_id);
    return w->thread ? ERROR_SUCCESS : GetLastError();
}
