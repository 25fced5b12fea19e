/*
 * How the server is told to stop: Ctrl-C and Ctrl-Break, and closing the console, logoff and
 * shutdown where Windows tells programs of them. The first stops the port gracefully, a second one
 * at once. Whatever is stuck then, the process ends within a second, with the status STOP_FORCED.
 * Windows gives a program 5 s after its console was closed: then what is not over in time is
 * aborted without a second event.
 */
#ifndef PP_SERVER_STOP_H
#define PP_SERVER_STOP_H

#include "pipeport.h"

#define STOP_FORCED 3

/* From here on events stop `port`, to the end of the process. A Windows error or 0. */
uint32_t stop_begin(pp_port *port);

/* Does what one of Windows' CTRL_..._EVENTs asks for, on a thread of its own. Returns after Ctrl-C
 * and Ctrl-Break only, and never after the second event. */
void stop_hear(uint32_t event);

/* From here on they do not touch it; to be called before it is closed. */
void stop_end(void);

#endif
