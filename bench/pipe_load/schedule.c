#include "schedule.h"

#include "moment.h"

static DWORD WINAPI schedule__main(void *argument)
{
    schedule *s = argument;
    for (uint64_t number = 0;; number++) {
        uint64_t moment = course_moment(s->course, number);

        if (!moment_wait(s->timer, moment, s->stop) || s->course->phase >= COURSE_ENDING)
            return 0;
        s->due(s->user, number);
    }
}

bool schedule_start(schedule *s, const course *c, void (*due)(void *user, uint64_t number),
                    void *user)
{
    *s = (schedule){.course = c, .due = due, .user = user};
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
