#ifndef SIMULATION_SHRINK_H
#define SIMULATION_SHRINK_H

#include "simulation/run.h"

/* Takes out of a failing plan what it fails without: actions, actors, kinds of faults. The fault
 * stays of the same kind. Returns the number of runs that this took. */
unsigned shrink_plan(struct plan *plan, struct run *run);

#endif
