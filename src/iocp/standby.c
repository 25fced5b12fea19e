#include "iocp/standby.h"

#include <assert.h>

void standby_init(standby *s, unsigned processors, unsigned workers)
{
    *s = (standby){
        .used = workers > processors, .processors = (LONG)processors, .active = (LONG)workers};
    InitializeSRWLock(&s->lock);
    InitializeConditionVariable(&s->called);
}

void standby_wait(standby *s)
{
    AcquireSRWLockExclusive(&s->lock);
    if (standby_has_too_many(s)) { /* still, under the lock */
        s->active--;
        s->waiting++;
        while (s->wakeups_granted == 0 && !s->over)
            SleepConditionVariableSRW(&s->called, &s->lock, INFINITE, 0);
        if (s->wakeups_granted > 0)
            s->wakeups_granted--;
    }
    ReleaseSRWLockExclusive(&s->lock);
}

/* With the lock held. The woken worker counts as active from here on. */
static void standby__grant_wakeup(standby *s)
{
    if (s->waiting == 0)
        return;
    s->waiting--;
    s->active++;
    s->wakeups_granted++;
    WakeConditionVariable(&s->called);
}

void standby_call(standby *s)
{
    if (!s->used)
        return;
    AcquireSRWLockExclusive(&s->lock);
    standby__grant_wakeup(s);
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_replace(standby *s, volatile bool *stuck)
{
    if (!s->used)
        return;
    AcquireSRWLockExclusive(&s->lock);
    if (!*stuck) {
        *stuck = true;
        s->active--;
        assert(s->active >= 0);
    }
    if (s->active < s->processors)
        standby__grant_wakeup(s);
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_return(standby *s, volatile bool *stuck)
{
    AcquireSRWLockExclusive(&s->lock);
    if (*stuck)
        s->active++;
    *stuck = false;
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_end(standby *s)
{
    AcquireSRWLockExclusive(&s->lock);
    s->over = true;
    WakeAllConditionVariable(&s->called);
    ReleaseSRWLockExclusive(&s->lock);
}
