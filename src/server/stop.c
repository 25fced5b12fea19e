#include "server/stop.h"

#include "base/win.h"

#define STOP__GRACE_MS 750u /* that the main thread has to end after the second event */

static SRWLOCK stop__lock = SRWLOCK_INIT; /* for the port, as long as it is called */
static pp_port *stop__port;
static volatile LONG stop__asked;

/* Returns how often it has been asked. The second may not wait for a first that is stuck. */
static LONG stop__ask(void)
{
    LONG asked = InterlockedIncrement(&stop__asked);

    if (asked == 1)
        AcquireSRWLockExclusive(&stop__lock);
    else if (!TryAcquireSRWLockExclusive(&stop__lock))
        return asked;
    if (stop__port && asked == 1)
        pp_port_stop(stop__port);
    else if (stop__port)
        pp_port_abort(stop__port);
    ReleaseSRWLockExclusive(&stop__lock);
    return asked;
}

/* The end of main ends the process, and this thread with it, and so the wait. */
static void stop__wait_for_the_end(DWORD ms)
{
    WaitForSingleObject(GetCurrentThread(), ms);
}

/* Windows runs this on a thread of its own. */
static BOOL WINAPI stop__event(DWORD kind)
{
    if (stop__ask() > 1) {
        stop__wait_for_the_end(STOP__GRACE_MS);
        /* Something is stuck, and ExitProcess would wait for what it holds. */
        TerminateProcess(GetCurrentProcess(), STOP_FORCED);
    }
    /* Console closed, logoff, shutdown: Windows ends the process as soon as this returns. */
    if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT)
        stop__wait_for_the_end(INFINITE);
    return TRUE;
}

uint32_t stop_begin(pp_port *port)
{
    AcquireSRWLockExclusive(&stop__lock);
    stop__port = port;
    ReleaseSRWLockExclusive(&stop__lock);
    return SetConsoleCtrlHandler(stop__event, TRUE) ? ERROR_SUCCESS : GetLastError();
}

void stop_end(void)
{
    AcquireSRWLockExclusive(&stop__lock);
    stop__port = NULL;
    ReleaseSRWLockExclusive(&stop__lock);
}
