/*
 * How many processors this process may use.
 */
#ifndef PP_BASE_PROCESSORS_H
#define PP_BASE_PROCESSORS_H

/* At least 1, and at most what the machine has, which may be thousands. */
unsigned processors_count(void);

#endif
