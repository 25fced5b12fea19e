/* The self-test's rows as the judge of the simulator. */
#ifndef SIM_JUDGE_H
#define SIM_JUDGE_H

/* Runs each row under many seeds, and prints those that do not answer as on Windows. The exit
 * status: 0 if all do. */
int judge_main(void);

#endif
