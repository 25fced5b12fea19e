/* Stream sockets. */
#ifndef SIM_SOCKETS_H
#define SIM_SOCKETS_H

#include "sim.h"

/* Two connected ends, which hold up to `room` bytes each way; the second is another process's. */
void sim_connect_sockets(size_t room, const sim_process *theirs, HANDLE ends[2]);

#endif
