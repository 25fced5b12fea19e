#include "moment.h"

static uint64_t moment__frequency;

void moment_open(void)
{
    LARGE_INTEGER frequency;

    QueryPerformanceFrequency(&frequency); /* cannot fail since Windows XP */
    moment__frequency = (uint64_t)frequency.QuadPart;
}

uint64_t moment_now(void)
{
    LARGE_INTEGER ticks;
    uint64_t whole, part;

    QueryPerformanceCounter(&ticks);
    whole = (uint64_t)ticks.QuadPart / moment__frequency;
    part = (uint64_t)ticks.QuadPart % moment__frequency;
    return whole * MOMENT_SECOND + part * MOMENT_SECOND / moment__frequency;
}

HANDLE moment_timer_open(void)
{
    HANDLE timer =
        CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);

    return timer ? timer : CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS);
}

bool moment_wait(HANDLE timer, uint64_t moment, HANDLE stop)
{
    HANDLE handles[2] = {stop, timer};

    for (uint64_t now; (now = moment_now()) < moment;) {
        LARGE_INTEGER due; /* negative: from now, in units of 100 ns */

        due.QuadPart = -(LONGLONG)((moment - now) / 100 + 1);
        SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE);
        if (WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_OBJECT_0)
            return false;
    }
    return true;
}
