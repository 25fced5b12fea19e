/*
 * How the server is told to stop: Ctrl-C and Ctrl-Break, closing the console, logoff and shutdown.
 * The first stops the port gracefully, a second one at once. Whatever is stuck then, the process
 * ends within a second, with the status STOP_FORCED.
 */
#ifndef PP_SERVER_STOP_H
#define PP_SERVER_STOP_H

#include "pipeport.h"

#define STOP_FORCED 3

/* From here on events stop `port`, to the end of the process. A Windows error or 0. */
uint32_t stop_begin(pp_port *port);

/* From here on they do not touch it; to be called before it is closed. */
void stop_end(void);

#endif
