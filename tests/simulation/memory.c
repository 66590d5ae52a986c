/* malloc(3) and its like for a process: what it holds is counted, and freed when it is killed. */
#include "simulation/memory.h"

#include <malloc.h>
#include <openssl/err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "simulation/calls.h"
#include "simulation/kernel.h"

#define FREED 0xdd /* what was freed is filled with it: who still uses it is found sooner */

struct allocation {
	struct allocation *next, **link;
	struct memory *owner;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

struct foreign {
	struct foreign *next;
	void *object;
	void (*release)(void *object);
};

static struct allocation *
header_of(const void *bytes)
{
	return (struct allocation *)((char *)bytes - offsetof(struct allocation, bytes));
}

/* The bytes of a heap for an allocation: malloc(3) adds a word and rounds up. */
static size_t
cost_of(size_t size)
{
	return (size + sizeof(size) + 15) / 16 * 16;
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
	memory->bytes += cost_of(allocation->size);
	memory->count++;
}

static void
take_out(struct allocation *allocation)
{
	*allocation->link = allocation->next;
	if (allocation->next)
		allocation->next->link = allocation->link;
	allocation->owner->bytes -= cost_of(allocation->size);
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

/* ---- what libraries allocate ---- */

static struct foreign **
find_foreign(struct memory *memory, const void *object)
{
	struct foreign **at = &memory->foreign;

	while (*at && (*at)->object != object)
		at = &(*at)->next;
	return at;
}

void
memory_adopt(void *object, void (*release)(void *object))
{
	struct foreign *foreign = malloc(sizeof(*foreign));

	if (!foreign || !object)
		abort();
	*foreign = (struct foreign){of_caller()->foreign, object, release};
	of_caller()->foreign = foreign;
}

static void
drop_foreign(struct foreign **at)
{
	struct foreign *foreign = *at;

	*at = foreign->next;
	foreign->release(foreign->object);
	free(foreign);
}

void
memory_release(void *object)
{
	if (object)
		drop_foreign(find_foreign(of_caller(), object));
}

static void
release_frames(void *context)
{
	wslay_frame_context_free(context);
}

int
sim_wslay_frame_context_init(struct wslay_frame_context **context,
	const struct wslay_frame_callbacks *callbacks, void *arg)
{
	int result = wslay_frame_context_init(context, callbacks, arg);

	if (result != 0)
		abort();
	memory_adopt(*context, release_frames);
	return result;
}

void
sim_wslay_frame_context_free(struct wslay_frame_context *context)
{
	memory_release(context);
}

/* ---- of all ---- */

size_t
sim_malloc_usable_size(void *bytes)
{
	if (bytes && *find_foreign(of_caller(), bytes))
		return malloc_usable_size(bytes);
	return bytes ? header_of(bytes)->size : 0;
}

void
memory_free_all(struct memory *memory)
{
	while (memory->foreign)
		drop_foreign(&memory->foreign);
	ERR_clear_error(); /* which it may not have come to */
	while (memory->all) {
		struct allocation *allocation = memory->all;

		take_out(allocation);
		free(allocation);
	}
}
