#include "iocp/watch.h"

#include "iocp/inbox.h"
#include "iocp/port.h"
#include "iocp/timer.h"
#include "iocp/worker.h"

#define WATCH__TICK_MS 10
#define WATCH__STACK (64u * 1024)

void watch_turn(worker *w)
{
    watch *guard = &w->port->watch;

    if (!guard->thread || guard->awake)
        return;
    if (!worker_has_ready(w) && !timers_are_uncovered(&w->port->timers))
        return;
    if (InterlockedExchange(&guard->awake, 1) == 0)
        SetEvent(guard->wake);
}

/* Hands over what waits behind turns that were already running a tick ago. True: one is running. */
static bool watch__look(pp_port *port, LONG *last_turns)
{
    bool any = false;

    for (unsigned i = 0; i < port->worker_count; i++) {
        worker *w = &port->workers[i];
        LONG turns = w->turns;
        queue waiting = {NULL, NULL};

        if (w->running && turns == last_turns[i]) {
            worker_rob(w, &waiting);
            if (waiting.first || timers_are_uncovered(&port->timers))
                inbox_give(port, &waiting);
        }
        any = any || w->running;
        last_turns[i] = turns;
    }
    return any;
}

static DWORD WINAPI watch__main(void *argument)
{
    pp_port *port = argument;
    watch *guard = &port->watch;
    LONG last_turns[PORT_MOST_WORKERS] = {0};

    while (!guard->ending) {
        /* First the flag, then the look: a turn that the look misses began after it, sees the flag
         * down, and wakes us. */
        InterlockedExchange(&guard->awake, 0);
        if (watch__look(port, last_turns)) {
            InterlockedExchange(&guard->awake, 1);
            WaitForSingleObject(guard->wake, WATCH__TICK_MS);
        } else {
            WaitForSingleObject(guard->wake, INFINITE);
        }
    }
    return 0;
}

DWORD watch_start(pp_port *port)
{
    watch *guard = &port->watch;

    if (port->worker_count < 2)
        return ERROR_SUCCESS;
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
