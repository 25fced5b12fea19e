/*
 * A server whose callback never returns: it hears Ctrl-C as `pipeport serve` does, and cannot stop.
 * `stuck_server deaf` begins as one whose parent ignores Ctrl-C.
 */
#include "pipeport.h"
#include "server/stop.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

static HANDLE stuck__never;

static void stuck__block(void *user, pp_status status)
{
    (void)user, (void)status;
    WaitForSingleObject(stuck__never, INFINITE);
}

/* The port stops: its functions that wait for later are called. */
static void stuck__stopping(void *user, pp_status status)
{
    (void)user, (void)status;
    printf("stopping\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    pp_port_options options;
    pp_port *port;

    if (argc > 1 && strcmp(argv[1], "deaf") == 0 && !SetConsoleCtrlHandler(NULL, TRUE))
        return 1;
    stuck__never = CreateEventW(NULL, TRUE, FALSE, NULL);
    pp_port_options_init(&options);
    options.workers = 2;
    options.slow_callback_ms = 0;
    if (!stuck__never || pp_port_open(&port, &options, NULL) != PP_OK ||
        pp_port_post(port, stuck__block, NULL) != PP_OK ||
        pp_port_after(port, 3600000, stuck__stopping, NULL, NULL) != PP_OK ||
        stop_begin(port) != ERROR_SUCCESS)
        return 1;
    printf("ready\n");
    fflush(stdout);
    pp_port_wait(port);
    return 0;
}
