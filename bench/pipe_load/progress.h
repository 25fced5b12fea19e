/*
 * A line a second on standard error, for somebody who watches: on a terminal only.
 */
#ifndef PIPE_LOAD_PROGRESS_H
#define PIPE_LOAD_PROGRESS_H

#include "options.h"
#include "tally.h"
#include "win.h"

#include <stdbool.h>

/*
 * Waits for `seconds`, or until `event` is set: then it returns true; or for Ctrl-C. Meanwhile it
 * prints how many messages there were, with `what` that is.
 */
bool progress_wait(const options *o, HANDLE event, double seconds, const char *what,
                   const tallies *all);

#endif
