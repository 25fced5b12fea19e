#include "iocp/standby.h"

#include "iocp/worker.h"

void standby_init(standby *s, unsigned processors)
{
    *s = (standby){.processors = (LONG)processors};
    InitializeSRWLock(&s->lock);
    InitializeConditionVariable(&s->called);
}

void standby_enter(standby *s)
{
    AcquireSRWLockExclusive(&s->lock);
    s->active++;
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_wait(standby *s)
{
    AcquireSRWLockExclusive(&s->lock);
    if (s->active > s->processors) { /* still, and not only when it was read without the lock */
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
static bool standby__call(standby *s)
{
    if (s->waiting == 0)
        return false;
    s->waiting--;
    s->active++;
    s->calls++;
    WakeConditionVariable(&s->called);
    return true;
}

void standby_call(standby *s)
{
    if (!standby_has_waiting(s))
        return;
    AcquireSRWLockExclusive(&s->lock);
    standby__call(s);
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_replace(standby *s, worker *w)
{
    AcquireSRWLockExclusive(&s->lock);
    if (!w->replaced && standby__call(s)) {
        s->active--;
        w->replaced = true;
    }
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_return(standby *s, worker *w)
{
    AcquireSRWLockExclusive(&s->lock);
    if (w->replaced)
        s->active++;
    w->replaced = false;
    ReleaseSRWLockExclusive(&s->lock);
}

void standby_end(standby *s)
{
    AcquireSRWLockExclusive(&s->lock);
    s->over = true;
    WakeAllConditionVariable(&s->called);
    ReleaseSRWLockExclusive(&s->lock);
}
