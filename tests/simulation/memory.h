#ifndef SIMULATION_MEMORY_H
#define SIMULATION_MEMORY_H

#include <stddef.h>

/* The allocations of a process, which are freed with it. */
struct allocation;

struct foreign;

struct memory {
	struct allocation *all;
	struct foreign *foreign; /* what libraries have allocated by themselves */
	size_t bytes, count;
};

struct process;

struct memory *process_allocations(struct process *process);
void memory_free_all(struct memory *memory);

/* An object that a library has allocated belongs to the running process: release() frees it. */
void memory_adopt(void *object, void (*release)(void *object));

/* Releases it. Does nothing for NULL. */
void memory_release(void *object);

#endif
