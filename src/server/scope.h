/*
 * The owner of a setting: the program as a whole, or an endpoint. A setting may belong to both
 * kinds of endpoint.
 */
#ifndef PP_SERVER_SCOPE_H
#define PP_SERVER_SCOPE_H

typedef enum scope { SCOPE_PROGRAM = 1, SCOPE_PIPE = 2, SCOPE_MAILSLOT = 4 } scope;

#endif
