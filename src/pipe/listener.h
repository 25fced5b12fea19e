/*
 * What a connection needs of its listener.
 */
#ifndef PP_PIPE_LISTENER_H
#define PP_PIPE_LISTENER_H

#include "iocp/kernel.h"
#include "pipeport.h"

typedef struct instance instance;

/* A connection ended and gives back its instance and the pipe. `reusable`: the client left first,
 * so that the instance can wait for the next. Both are the listener's from here on, which closes the
 * pipe only when another instance guards the name. */
void listener_take_back(instance *i, kernel_handle *pipe, bool reusable);

#endif
