#include "server/stop.h"

#include "base/win.h"

static SRWLOCK stop__lock = SRWLOCK_INIT; /* for the next two */
static pp_port *stop__port;
static bool stop__asked;

static void stop__ask(void)
{
    AcquireSRWLockExclusive(&stop__lock);
    if (stop__port && !stop__asked)
        pp_port_stop(stop__port);
    else if (stop__port)
        pp_port_abort(stop__port);
    stop__asked = true;
    ReleaseSRWLockExclusive(&stop__lock);
}

/* Windows runs this on a thread of its own. */
static BOOL WINAPI stop__event(DWORD kind)
{
    stop__ask();
    if (kind == CTRL_C_EVENT || kind == CTRL_BREAK_EVENT)
        return TRUE;
    /* Console closed, logoff, shutdown: Windows ends the process as soon as this returns, so it
     * does not; the end of main ends this thread too. */
    for (;;)
        WaitForSingleObject(GetCurrentThread(), INFINITE);
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
