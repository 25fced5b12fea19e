/*
 * The console's events stop the server: Ctrl-C and Ctrl-Break, and closing the console, logoff and
 * shutdown where Windows tells programs of them. The first stops the port gracefully, a second one
 * at once. If something is stuck then, the process ends within a second, with the status
 * STOP_FORCED. Windows gives a program 5 s after its console has closed, so this module aborts the
 * port in time without a second event.
 */
#ifndef PP_SERVER_STOP_H
#define PP_SERVER_STOP_H

#include "pipeport.h"

#define STOP_FORCED 3

/* From here on events stop `port`. The handler stays to the end of the process. A Windows error or
 * 0. */
uint32_t stop_begin(pp_port *port);

/* Handles one of Windows' CTRL_..._EVENTs, on a thread of its own. It returns after Ctrl-C and
 * Ctrl-Break only, and never after the second event. */
void stop_hear(uint32_t event);

/* Stops the port gracefully, or aborts it; for other threads. An event after it is the second. */
void stop_port(bool now);

/* From here on events do not touch the port; to be called before the port closes. */
void stop_end(void);

#endif
