#ifndef SIMULATION_SCHEDULE_H
#define SIMULATION_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* Between world.c and process.c. */

/* Runs a thread that can run, one of them by chance. Returns false if none can. */
bool schedule_step(void);

/* The first time at which the wait of a thread ends; NEVER: none does. */
int64_t schedule_wake_ns(void);

/* Time passes while a thread runs. */
void schedule_pass(int64_t ns);

/* Kills and frees all processes. */
void schedule_end(void);

#endif
