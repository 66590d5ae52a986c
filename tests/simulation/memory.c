/* malloc(3) and its like for a process: what it holds is counted, and freed when it is killed. */
#include "simulation/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

#define FREED 0xdd /* what was freed is filled with it: who still uses it is found sooner */

struct allocation {
	struct allocation *next, **link;
	struct memory *owner;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

static struct allocation *
header_of(const void *bytes)
{
	return (struct allocation *)((char *)bytes - offsetof(struct allocation, bytes));
}

static void
add(struct memory *memory, struct allocation *allocation)
{
	allocation->owner = memory;
	allocation->next = memory->all;
	allocation->link = &memory->all;
	if (memory->all)
		memory->all->link = &allocation->next;
	memory->all = allocation;
	memory->bytes += allocation->size;
	memory->count++;
}

static void
take_out(struct allocation *allocation)
{
	*allocation->link = allocation->next;
	if (allocation->next)
		allocation->next->link = allocation->link;
	allocation->owner->bytes -= allocation->size;
	allocation->owner->count--;
}

static struct memory *
of_caller(void)
{
	return process_allocations(process_self());
}

void *
sim_malloc(size_t size)
{
	struct allocation *allocation = malloc(sizeof(*allocation) + size);

	if (!allocation)
		abort();
	allocation->size = size;
	add(of_caller(), allocation);
	return allocation->bytes;
}

void *
sim_calloc(size_t count, size_t size)
{
	void *bytes;

	if (size && count > SIZE_MAX / 2 / size)
		abort();
	bytes = sim_malloc(count * size);
	return memset(bytes, 0, count * size);
}

void
sim_free(void *bytes)
{
	if (!bytes)
		return;
	take_out(header_of(bytes));
	memset(bytes, FREED, header_of(bytes)->size);
	free(header_of(bytes));
}

void *
sim_realloc(void *bytes, size_t size)
{
	struct allocation *allocation;

	if (!bytes)
		return sim_malloc(size);
	allocation = header_of(bytes);
	take_out(allocation);
	allocation = realloc(allocation, sizeof(*allocation) + size);
	if (!allocation)
		abort();
	allocation->size = size;
	add(of_caller(), allocation);
	return allocation->bytes;
}

size_t
sim_malloc_usable_size(void *bytes)
{
	return bytes ? header_of(bytes)->size : 0;
}

void
memory_free_all(struct memory *memory)
{
	while (memory->all) {
		struct allocation *allocation = memory->all;

		take_out(allocation);
		free(allocation);
	}
}
