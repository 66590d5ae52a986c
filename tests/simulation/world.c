/* The world: its time, its chance, and what is to happen when. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/jetstream.h"
#include "simulation/kernel.h"
#include "simulation/openssl.h"
#include "simulation/schedule.h"
#include "simulation/tls.h"

#define START_UNIX_NS (INT64_C(1767225600) * SECOND) /* 2026 begins */

struct happening {
	int64_t time_ns;
	uint64_t number; /* of two at one time the first one made is the first */
	void (*run)(void *arg);
	void *arg;
};

static struct {
	int64_t now_ns, unix_offset_ns;
	struct chance chance;
	struct faults faults;
	struct tally tally;
	uint64_t seed, hash, made;
	struct happening *heap; /* a binary heap, the next one at the top */
	size_t count, cap;
	bool stopped, traced, ending;
} world;

/* ---- happenings ---- */

static bool
is_before(const struct happening *a, const struct happening *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

static void
swap(size_t a, size_t b)
{
	struct happening held = world.heap[a];

	world.heap[a] = world.heap[b];
	world.heap[b] = held;
}

void
world_at(int64_t time_ns, void (*run)(void *arg), void *arg)
{
	size_t at = world.count;

	if (world.count == world.cap) {
		world.cap = world.cap ? 2 * world.cap : 64;
		world.heap = realloc(world.heap, world.cap * sizeof(*world.heap));
		if (!world.heap)
			abort();
	}
	world.heap[world.count++] = (struct happening){time_ns, world.made++, run, arg};
	for (; at > 0 && is_before(&world.heap[at], &world.heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(at, (at - 1) / 2);
}

static struct happening
take_next(void)
{
	struct happening next = world.heap[0];
	size_t at = 0, child;

	world.heap[0] = world.heap[--world.count];
	while ((child = 2 * at + 1) < world.count) {
		if (child + 1 < world.count &&
			is_before(&world.heap[child + 1], &world.heap[child]))
			child++;
		if (!is_before(&world.heap[child], &world.heap[at]))
			break;
		swap(at, child);
		at = child;
	}
	return next;
}

void
world_begin(uint64_t seed)
{
	bool traced = world.traced;

	memset(&world, 0, sizeof(world));
	world.traced = traced;
	world.seed = world.chance.state = seed;
	world.unix_offset_ns = START_UNIX_NS;
	world.faults.socket_bytes = SOCKET_BYTES;
	disk_begin();
	openssl_begin();
	jetstream_begin();
}

void
world_end(void)
{
	world.ending = true;
	schedule_end();
	while (world.count) {
		struct happening next = take_next();

		next.run(next.arg); /* which frees what it has */
	}
	tls_end();
	jetstream_end();
	disk_end();
	free(world.heap);
	world.heap = NULL;
	world.cap = 0;
}

bool
world_is_ending(void)
{
	return world.ending;
}

/* ---- time and chance ---- */

int64_t
world_now_ns(void)
{
	return world.now_ns;
}

int64_t
world_unix_ns(void)
{
	return world.now_ns + world.unix_offset_ns;
}

void
world_step_clock(int64_t by_ns)
{
	world.unix_offset_ns += by_ns;
	world.tally.clock_steps++;
	world_trace("the wall clock is set by %lld ms", (long long)(by_ns / MILLISECOND));
}

void
schedule_pass(int64_t ns)
{
	world.now_ns += ns;
}

struct faults *
world_faults(void)
{
	return &world.faults;
}

struct tally *
world_tally(void)
{
	return &world.tally;
}

uint64_t
world_seed(void)
{
	return world.seed;
}

struct chance *
world_chance(void)
{
	return &world.chance;
}

void
world_note(const void *bytes, size_t len)
{
	const char *at = bytes;
	uint64_t word, hash = world.hash ^ len;

	for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	word = 0;
	memcpy(&word, at, len);
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	world.hash = hash ^ (hash >> 32);
}

uint64_t
world_hash(void)
{
	return world.hash;
}

void
world_trace_on(bool on)
{
	world.traced = on;
}

void
world_trace(const char *format, ...)
{
	const char *name = process_self() ? process_name(process_self()) : "-";
	va_list list;

	if (!world.traced)
		return;
	printf("%11.6f %-10s ", (double)world.now_ns / 1e9, name);
	va_start(list, format);
	vprintf(format, list);
	va_end(list);
	putchar('\n');
}

/* ---- running ---- */

/* Sets the time to that of the next happening or the next thread whose wait ends. Returns false if
 * there is none. */
static bool
pass_time(void)
{
	int64_t next_ns = schedule_wake_ns();

	if (world.count && world.heap[0].time_ns < next_ns)
		next_ns = world.heap[0].time_ns;
	if (next_ns == NEVER)
		return false;
	if (next_ns > world.now_ns)
		world.now_ns = next_ns;
	return true;
}

bool
world_run(uint64_t most_steps)
{
	uint64_t upto = world.tally.steps + most_steps;

	world.stopped = false;
	while (!world.stopped) {
		while (world.count && world.heap[0].time_ns <= world.now_ns) {
			struct happening next = take_next();

			next.run(next.arg);
		}
		if (world.stopped)
			break;
		if (!schedule_step() && !pass_time())
			return false;
		if (++world.tally.steps > upto)
			return false;
	}
	return true;
}

void
world_stop(void)
{
	world.stopped = true;
}
