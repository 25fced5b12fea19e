#include "server/stop.h"

#include "base/win.h"

#define STOP__GRACE_MS 750u /* that the main thread has to end after the second event */
/* How long a graceful stop may take where Windows ends the process 5 s after the event: the abort
 * and the last line must come before that.
 * https://learn.microsoft.com/windows/console/handlerroutine#timeouts */
#define STOP__CLOSE_MS 3500u

static SRWLOCK stop__lock = SRWLOCK_INIT; /* held while a call uses the port */
static pp_port *stop__port;
static volatile LONG stop__asked;

/* Returns the number of events so far. The second may not wait for a first that is stuck. */
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

void stop_port(bool now)
{
    InterlockedCompareExchange(&stop__asked, 1, 0); /* an event that follows is the second */
    AcquireSRWLockExclusive(&stop__lock);
    if (stop__port && now)
        pp_port_abort(stop__port);
    else if (stop__port)
        pp_port_stop(stop__port);
    ReleaseSRWLockExclusive(&stop__lock);
}

/* The wait ends with the process: the end of main ends this thread, too. */
static void stop__wait_for_the_end(DWORD ms)
{
    WaitForSingleObject(GetCurrentThread(), ms);
}

void stop_hear(uint32_t event)
{
    if (stop__ask() > 1) {
        stop__wait_for_the_end(STOP__GRACE_MS);
        /* Something is stuck, and ExitProcess would wait for the locks that it holds. */
        TerminateProcess(GetCurrentProcess(), STOP_FORCED);
    }
    if (event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT)
        return;
    stop__wait_for_the_end(STOP__CLOSE_MS);
    stop__ask();
    stop__wait_for_the_end(INFINITE); /* Windows would end the process as soon as we return */
}

/* Windows runs this on a thread of its own. */
static BOOL WINAPI stop__event(DWORD event)
{
    stop_hear(event);
    return TRUE;
}

uint32_t stop_begin(pp_port *port)
{
    AcquireSRWLockExclusive(&stop__lock);
    stop__port = port;
    ReleaseSRWLockExclusive(&stop__lock);
    /* A parent that ignores Ctrl-C passes that on to its children. */
    if (!SetConsoleCtrlHandler(NULL, FALSE))
        return win_last_error();
    return SetConsoleCtrlHandler(stop__event, TRUE) ? ERROR_SUCCESS : win_last_error();
}

void stop_end(void)
{
    AcquireSRWLockExclusive(&stop__lock);
    stop__port = NULL;
    ReleaseSRWLockExclusive(&stop__lock);
}
