#include "iocp/standby.h"

#include "iocp/worker.h"

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
    if (standby_has_too_many(s)) { /* still, and not only when it was read without the lock */
        s->active--;
        s->waiting++;
        while (s->calls == 0 && !s->over)
            SleepConditionVariableSRW(&s->called, &s->lock, INFINITE, 0);
        if (s->calls > 0)
            s->calls--;
    }
    ReleaseSRWLockExclusive(&s->lock);
}

/* With the lock held: who is called counts as active from here on. */
static void standby__call(standby *s)
{
    if (s->waiting == 0)
        return;
    s->waiting--;
    s->active++;
    s->calls++;
    WakeConditionVariable(&s->called);
}

void standby_call(standby *s)
{
    if (!s->used)
        return;
    AcquireSRWLockExclusive(&s->lock);
    standby__call(s);
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_replace(standby *s, worker *w)
{
    if (!s->used)
        return;
    AcquireSRWLockExclusive(&s->lock);
    if (!w->stuck) {
        w->stuck = true;
        s->active--;
    }
    if (s->active < s->processors)
        standby__call(s);
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_return(standby *s, worker *w)
{
    AcquireSRWLockExclusive(&s->lock);
    if (w->stuck)
        s->active++;
    w->stuck = false;
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_end(standby *s)
{
    AcquireSRWLockExclusive(&s->lock);
    s->over = true;
    WakeAllConditionVariable(&s->called);
    ReleaseSRWLockExclusive(&s->lock);
}
