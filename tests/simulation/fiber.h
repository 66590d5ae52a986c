#ifndef SIMULATION_FIBER_H
#define SIMULATION_FIBER_H

#include <stdbool.h>

/*
 * Functions that can wait in the middle: each has a stack of its own. All run on one thread, one at
 * a time, and only change places in fiber_run() and fiber_yield(), so the same calls in the same
 * order give the same run.
 */
struct fiber;

/* A fiber that will call run(arg). Its stack is reused when it is freed. */
struct fiber *fiber_new(void (*run)(void *arg), void *arg);

/* Runs it until it yields or its function returns. Must not be called in a fiber. */
void fiber_run(struct fiber *fiber);

/* Returns to fiber_run(); the next fiber_run() returns here. Must be called in a fiber. */
void fiber_yield(void);

/* Returns true if the function has returned. */
bool fiber_has_ended(const struct fiber *fiber);

/* Frees a fiber that does not run, also one whose function has not returned. */
void fiber_free(struct fiber *fiber);

#endif
