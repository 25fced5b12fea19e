/*
 * The one place in pipe_load that includes <windows.h>.
 */
#ifndef PIPE_LOAD_WIN_H
#define PIPE_LOAD_WIN_H

#include <windows.h>

/* Windows 10 1803; headers may be older. */
#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x2
#endif

#endif
