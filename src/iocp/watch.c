#include "iocp/watch.h"

#define WATCH__TICK_MS 10
#define WATCH__STACK (64u * 1024)

void watch_wake(watch *w)
{
    if (watch_sleeps(w) && InterlockedExchange(&w->awake, 1) == 0)
        SetEvent(w->wake);
}

void watch_call(watch *w)
{
    if (w->wake) /* a port that cannot open may have none */
        SetEvent(w->wake);
}

static DWORD WINAPI watch__main(void *argument)
{
    watch *w = argument;
    bool after_tick = false;

    while (!w->ending) {
        bool busy = w->look(w->context, after_tick);

        if (!busy) {
            InterlockedExchange(&w->awake, 0); /* before the last look: see the rule */
            WIN_FENCE();
            busy = w->look(w->context, false);
            if (busy)
                InterlockedExchange(&w->awake, 1);
        }
        after_tick = WaitForSingleObject(w->wake, busy ? WATCH__TICK_MS : INFINITE) == WAIT_TIMEOUT;
    }
    return 0;
}

DWORD watch_start(watch *w, bool helps, watch_look_fn *look, void *context)
{
    *w = (watch){.helps = helps, .look = look, .context = context};
    w->wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!w->wake)
        return win_last_error();
    w->thread =
        CreateThread(NULL, WATCH__STACK, watch__main, w, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return w->thread ? ERROR_SUCCESS : win_last_error();
}

void watch_end(watch *w)
{
    if (w->thread) {
        InterlockedExchange(&w->ending, 1);
        SetEvent(w->wake);
        WaitForSingleObject(w->thread, INFINITE);
        CloseHandle(w->thread);
    }
    if (w->wake)
        CloseHandle(w->wake);
}
