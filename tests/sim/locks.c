/*
 * Locks, condition variables, and one-time initialisation.
 */
#include "sim.h"

void InitializeSRWLock(SRWLOCK *lock)
{
    lock->holders = 0;
}

void AcquireSRWLockExclusive(SRWLOCK *lock)
{
    sim_lock_point(lock);
    while (lock->holders != 0)
        sim_wait_for(lock, SIM_NEVER);
    lock->holders = -1;
}

void ReleaseSRWLockExclusive(SRWLOCK *lock)
{
    if (lock->holders != -1)
        sim_fail("a lock is released that nobody has alone");
    lock->holders = 0;
    sim_wake(lock);
    sim_lock_point(lock);
}

void AcquireSRWLockShared(SRWLOCK *lock)
{
    sim_lock_point(lock);
    while (lock->holders < 0)
        sim_wait_for(lock, SIM_NEVER);
    lock->holders++;
}

void ReleaseSRWLockShared(SRWLOCK *lock)
{
    if (lock->holders <= 0)
        sim_fail("a lock is released that nobody shares");
    if (--lock->holders == 0)
        sim_wake(lock);
    sim_lock_point(lock);
}

void InitializeConditionVariable(CONDITION_VARIABLE *cv)
{
    cv->unused = 0;
}

/* Windows: it may wake up without a reason. */
BOOL SleepConditionVariableSRW(CONDITION_VARIABLE *cv, SRWLOCK *lock, DWORD ms, ULONG flags)
{
    bool woken;

    (void)flags;
    if (lock->holders != -1)
        sim_fail("a condition is waited for without its lock");
    lock->holders = 0;
    sim_wake(lock);
    woken = sim_chance(64) || sim_wait_for(cv, sim_deadline(ms));
    AcquireSRWLockExclusive(lock);
    return woken ? TRUE : sim_error(ERROR_SEM_TIMEOUT);
}

/* Which of those that wait is left open. */
void WakeConditionVariable(CONDITION_VARIABLE *cv)
{
    sim_point();
    sim_wake_one(cv);
}

void WakeAllConditionVariable(CONDITION_VARIABLE *cv)
{
    sim_point();
    sim_wake(cv);
}

BOOL InitOnceExecuteOnce(INIT_ONCE *once, PINIT_ONCE_FN function, void *argument, void **context)
{
    sim_point();
    if (once->state == 0 && !function(once, argument, context))
        return FALSE;
    once->state = 1;
    return TRUE;
}
