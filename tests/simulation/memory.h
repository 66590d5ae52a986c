#ifndef SIMULATION_MEMORY_H
#define SIMULATION_MEMORY_H

#include <stddef.h>

/* The allocations of a process, which are freed with it. */
struct allocation;

struct foreign;

struct memory {
	struct allocation *all;
	struct foreign *foreign; /* contexts of wslay, which allocates them by itself */
	size_t bytes, count;
};

struct process;

struct memory *process_allocations(struct process *process);
void memory_free_all(struct memory *memory);

#endif
