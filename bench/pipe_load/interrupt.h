/*
 * Ctrl-C and Ctrl-Break: the first ends the measuring, and what was measured is reported; a second
 * one ends the process. Both with the status INTERRUPT_STATUS.
 */
#ifndef PIPE_LOAD_INTERRUPT_H
#define PIPE_LOAD_INTERRUPT_H

#include "win.h"

#include <stdbool.h>

#define INTERRUPT_STATUS 130

/* To be called once, before the first wait. False: there is no such event. */
bool interrupt_open(void);

/* Set from the first one on. */
HANDLE interrupt_event(void);
bool interrupt_came(void);

#endif
