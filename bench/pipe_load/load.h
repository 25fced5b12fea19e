/*
 * A run over a pipe: all clients connect, then messages flow, at first unmeasured, then measured,
 * and then the outstanding replies are waited for.
 */
#ifndef PIPE_LOAD_LOAD_H
#define PIPE_LOAD_LOAD_H

#include "options.h"
#include "result.h"

/* True: there is a result. False: `error` says why it could not begin, and `wrong_argument` whether
 * that is for an argument. */
bool load_run(const options *o, result *r, char error[OPTIONS_ERROR], bool *wrong_argument);

#endif
