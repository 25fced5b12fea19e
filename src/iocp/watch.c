#include "iocp/watch.h"

#include "iocp/inbox.h"
#include "iocp/kernel.h"
#include "iocp/port.h"
#include "iocp/timer.h"
#include "iocp/worker.h"

#define WATCH__TICK_MS 10
#define WATCH__STACK (64u * 1024)

void watch_turn(worker *w)
{
    watch *guard = &w->port->watch;

    if (!guard->helps || guard->awake)
        return;
    if (!worker_has_ready(w) && !timers_are_uncovered(&w->port->timers) && !w->port->standby.used)
        return;
    if (InterlockedExchange(&guard->awake, 1) == 0)
        SetEvent(guard->wake);
}

/* Hands over what waits behind a turn that does not end. */
static void watch__help(pp_port *port, worker *w)
{
    fifo waiting = {NULL, NULL};

    standby_replace(&port->standby, w);
    worker_rob(w, &waiting);
    if (waiting.first || timers_are_uncovered(&port->timers))
        inbox_give(port, &waiting);
}

/* Looks how far the workers are; `after_tick`, and helps where a turn has been running since the
 * last look. True: a turn may not end that began before the next. */
static bool watch__look(pp_port *port, LONG *last_turns, bool after_tick)
{
    bool busy = false;

    for (unsigned i = 0; i < port->worker_count; i++) {
        worker *w = &port->workers[i];
        LONG turns = w->turns;
        bool moved = turns != last_turns[i];

        if (after_tick && w->running && !moved)
            watch__help(port, w);
        /* With workers to spare each turn is watched: to sleep in between would cost more. */
        busy = busy || w->running || (port->standby.used && moved);
        last_turns[i] = turns;
    }
    return busy;
}

void watch_owe(pp_port *port, LONG packet)
{
    InterlockedOr(&port->watch.owed, packet);
    SetEvent(port->watch.wake);
}

/* True: some are owed still. */
static bool watch__pay(pp_port *port)
{
    LONG owed = InterlockedExchange(&port->watch.owed, 0);

    if ((owed & WATCH_OWES_INBOX) && kernel_post(port, PORT_KEY_INBOX) == ERROR_SUCCESS)
        owed &= ~WATCH_OWES_INBOX;
    if ((owed & WATCH_OWES_EXIT) && kernel_post(port, PORT_KEY_EXIT) == ERROR_SUCCESS)
        owed &= ~WATCH_OWES_EXIT;
    InterlockedOr(&port->watch.owed, owed);
    return owed != 0;
}

static DWORD WINAPI watch__main(void *argument)
{
    pp_port *port = argument;
    watch *guard = &port->watch;
    LONG last_turns[PORT_MOST_WORKERS] = {0};
    bool after_tick = false;

    while (!guard->ending) {
        bool busy = guard->helps && watch__look(port, last_turns, after_tick);

        busy = watch__pay(port) || busy;
        if (!busy) {
            /* First the flag, then the look: a turn that the look misses began after it, sees the
             * flag down, and wakes us. */
            InterlockedExchange(&guard->awake, 0);
            WIN_FENCE();
            busy = guard->helps && watch__look(port, last_turns, false);
            if (busy)
                InterlockedExchange(&guard->awake, 1);
        }
        after_tick =
            WaitForSingleObject(guard->wake, busy ? WATCH__TICK_MS : INFINITE) == WAIT_TIMEOUT;
    }
    return 0;
}

DWORD watch_start(pp_port *port)
{
    watch *guard = &port->watch;

    guard->helps = port->worker_count > 1;
    guard->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!guard->wake)
        return GetLastError();
    guard->thread = CreateThread(NULL, WATCH__STACK, watch__main, port,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return guard->thread ? ERROR_SUCCESS : GetLastError();
}

void watch_end(pp_port *port)
{
    watch *guard = &port->watch;

    if (guard->thread) {
        InterlockedExchange(&guard->ending, 1);
        SetEvent(guard->wake);
        WaitForSingleObject(guard->thread, INFINITE);
        CloseHandle(guard->thread);
    }
    if (guard->wake)
        CloseHandle(guard->wake);
}
