#ifndef SIMULATION_CAUSES_H
#define SIMULATION_CAUSES_H

#include "simulation/run.h"

/* Checks what honest programs have said on stderr: each was refused, dropped or left without
 * messages only if something in the run is a cause of it. Else run_fail() is called. */
void causes_check(struct run *run);

#endif
