/*
 * A run that sends datagrams to a mailslot. Sending blocks while the slot is full where the system
 * has it so, hence each worker is a thread that takes turns over its senders.
 */
#ifndef PIPE_LOAD_DATAGRAMS_H
#define PIPE_LOAD_DATAGRAMS_H

#include "options.h"
#include "result.h"

/* As load_run. The latency is how long a send took, on schedule: from its scheduled time. */
bool datagrams_run(const options *o, result *r, char error[OPTIONS_ERROR], bool *wrong_argument);

#endif
