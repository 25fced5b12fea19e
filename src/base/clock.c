#include "base/clock.h"

#include "base/win.h"

#define CLOCK__NS 1000000000u

uint64_t clock_ns(void)
{
    LARGE_INTEGER ticks, frequency;
    uint64_t whole, part;

    /* Neither call enters the kernel, and neither can fail since Windows XP. */
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&frequency);
    whole = (uint64_t)ticks.QuadPart / (uint64_t)frequency.QuadPart;
    part = (uint64_t)ticks.QuadPart % (uint64_t)frequency.QuadPart;
    return whole * CLOCK__NS + part * CLOCK__NS / (uint64_t)frequency.QuadPart;
}

uint64_t clock_ms(void)
{
    return clock_ns() / 1000000u;
}
