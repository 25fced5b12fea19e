#include "progress.h"

#include "interrupt.h"
#include "moment.h"

#include <stdio.h>

#define PROGRESS__MOST_WAIT_MS 1000000000ull

static bool progress__is_watched(const options *o)
{
    DWORD mode;

    return !o->quiet && GetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), &mode);
}

/* The milliseconds to `moment`, rounded up. */
static DWORD progress__until(uint64_t moment)
{
    uint64_t now = moment_now(), ms = moment > now ? (moment - now + 999999u) / 1000000u : 0;

    return (DWORD)(ms < PROGRESS__MOST_WAIT_MS ? ms : PROGRESS__MOST_WAIT_MS);
}

bool progress_wait(const options *o, HANDLE event, double seconds, const char *what,
                   const tallies *all)
{
    bool watched = progress__is_watched(o);
    uint64_t began = moment_now(), end = began + (uint64_t)(seconds * (double)MOMENT_SECOND);
    uint64_t before = tallies_messages(all);
    HANDLE events[] = {event, interrupt_event()};

    for (uint64_t second = 1; moment_now() < end; second++) {
        uint64_t tick = began + second * MOMENT_SECOND, messages;

        DWORD came = WaitForMultipleObjects(2, events, FALSE,
                                            progress__until(watched && tick < end ? tick : end));

        if (came != WAIT_TIMEOUT)
            return came == WAIT_OBJECT_0;
        messages = tallies_messages(all);
        if (watched && tick < end) {
            fprintf(stderr, "pipe_load: %s %llu s: %llu messages/s\n", what,
                    (unsigned long long)second, (unsigned long long)(messages - before));
            fflush(stderr);
        }
        before = messages;
    }
    return WaitForSingleObject(event, 0) == WAIT_OBJECT_0;
}
