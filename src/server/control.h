/*
 * The control pipe: \\.\pipe\NAME.control, for the server's own user, SYSTEM and administrators. A
 * request is a line of JSON, and so is its answer; docs/control.md describes them. It has a port of
 * its own with one worker: it answers while the server's workers are busy, and its clients are not
 * among the server's.
 *
 * The rule. Requests are answered one at a time, on that worker. While the control pipe is open,
 * that worker alone closes endpoints.
 */
#ifndef PP_SERVER_CONTROL_H
#define PP_SERVER_CONTROL_H

#include "base/name.h"
#include "server/program.h"

typedef struct control {
    program *program;
    pp_port *port; /* the server's */
    sessions *sessions;
    void (*stop)(bool now);

    pp_port *own;
    pp_listener *listener;
    char name[NAME_PATH_SIZE];
    bool draining;
} control;

/* `c` has the first four members, which must outlive it. The statuses of pp_port_open and of
 * pp_listen; control_close is due in any case. */
pp_status control_open(control *c, pp_error *error);
void control_close(control *c);

/* The longest request, and the clients that an answer lists unless the request says how many. */
#define CONTROL_LINE 4096
#define CONTROL_CLIENTS 1000
#define CONTROL_MOST_CLIENTS 10000

/* The name of the control pipe of a server whose first pipe has this name. False: it is too long.
 */
bool control_name(const char *pipe, char name[NAME_PATH_SIZE]);

#endif
