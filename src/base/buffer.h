/*
 * A buffer with a count of references (pp_buffer): read-only once it is shared, freed by whoever
 * drops the last one, on any thread.
 */
#ifndef PP_BASE_BUFFER_H
#define PP_BASE_BUFFER_H

#include "pipeport.h"

/* How many exist; for tests. */
long buffer_count(void);

#endif
