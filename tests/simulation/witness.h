#ifndef SIMULATION_WITNESS_H
#define SIMULATION_WITNESS_H

#include "simulation/run.h"

/*
 * The standard error of a server: a file of the disk at this path. Whenever the server writes its
 * metrics there, the memory that it counts is compared with what it holds, and run_fail() is called
 * if they differ. Returns a new reference.
 */
struct file *witness_open(struct run *run, unsigned node, const char *path);

#endif
