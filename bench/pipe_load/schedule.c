#include "schedule.h"

#include "moment.h"

static DWORD WINAPI schedule__main(void *argument)
{
    schedule *s = argument;
    load *l = s->load;

    for (uint64_t number = 0;; number++) {
        uint64_t moment = load_moment(l, number);

        if (!moment_wait(s->timer, moment, s->stop) || l->phase >= LOAD_ENDING)
            return 0;
        client_add_due(&l->clients[number % l->client_count]);
    }
}

bool schedule_start(schedule *s, load *l)
{
    *s = (schedule){.load = l};
    s->timer = moment_timer_open();
    s->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (s->timer && s->stop)
        s->thread = CreateThread(NULL, 0, schedule__main, s, 0, NULL);
    return s->thread != NULL;
}

void schedule_stop(schedule *s)
{
    if (s->thread) {
        SetEvent(s->stop);
        WaitForSingleObject(s->thread, INFINITE);
        CloseHandle(s->thread);
    }
    if (s->timer)
        CloseHandle(s->timer);
    if (s->stop)
        CloseHandle(s->stop);
    *s = (schedule){0};
}
