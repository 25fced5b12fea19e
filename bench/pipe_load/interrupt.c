#include "interrupt.h"

static HANDLE interrupt__event;
static volatile LONG interrupt__count;

/* Windows runs this on a thread of its own. */
static BOOL WINAPI interrupt__heard(DWORD kind)
{
    if (kind != CTRL_C_EVENT && kind != CTRL_BREAK_EVENT)
        return FALSE; /* the console closes or the user leaves: the process ends */
    if (InterlockedIncrement(&interrupt__count) > 1)
        TerminateProcess(GetCurrentProcess(), INTERRUPT_STATUS);
    SetEvent(interrupt__event);
    return TRUE;
}

bool interrupt_open(void)
{
    interrupt__event = CreateEventW(NULL, TRUE, FALSE, NULL);
    return interrupt__event && SetConsoleCtrlHandler(interrupt__heard, TRUE);
}

HANDLE interrupt_event(void)
{
    return interrupt__event;
}

bool interrupt_came(void)
{
    return interrupt__count > 0;
}
