/*
 * A reference-counted buffer (pp_buffer). It is read-only once it is shared, and the last reference
 * frees it, on any thread.
 */
#ifndef PP_BASE_BUFFER_H
#define PP_BASE_BUFFER_H

#include "pipeport.h"

/* How many buffers exist; for tests. */
long buffer_count(void);

#endif
