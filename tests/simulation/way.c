/* One direction of bytes that take their time, in pieces, and may get lost with a reset. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simulation/kernel.h"
#include "simulation/stream.h"
#include "simulation/way.h"

#define LATENCY_NS MILLISECOND

struct piece {
	struct way *way;
	size_t len;
	bool end, reset;
};

struct way *
way_new(size_t cap, bool slow)
{
	struct way *way = calloc(1, sizeof(*way));

	if (!way)
		abort();
	way->cap = cap ? cap : 1;
	way->bytes = malloc(way->cap);
	way->slow = slow;
	way->refs = 2;
	return way;
}

void
way_unref(struct way *way)
{
	if (--way->refs)
		return;
	free(way->bytes);
	free(way);
}

static void
way_tell(struct way *way)
{
	if (way->reader)
		file_changed(way->reader);
	if (way->writer)
		file_changed(way->writer);
}

void
way_break(struct way *way)
{
	way->reset = true;
	way->len = way->arrived = 0;
	way_tell(way);
}

static void
on_arrival(void *arg)
{
	struct piece *piece = arg;
	struct way *way = piece->way;

	if (way->held_ns > world_now_ns() && !world_is_ending()) {
		world_at(way->held_ns, on_arrival, piece);
		return;
	}
	if (piece->reset)
		way_break(way);
	if (!way->reset) {
		way->arrived += piece->len;
		way->end_arrived = way->end_arrived || piece->end;
		way_tell(way);
	}
	free(piece);
	way_unref(way);
}

int64_t
way_latency_ns(void)
{
	struct chance *chance = world_chance();

	if (chance_hits(chance, world_faults()->delay)) {
		world_tally()->delays++;
		return chance_scale(chance, world_faults()->delay_ns);
	}
	return chance_scale(chance, LATENCY_NS);
}

static void
way_carry(struct way *way, struct piece what)
{
	struct piece *piece = malloc(sizeof(*piece));
	int64_t time_ns = world_now_ns() + (way->slow ? way_latency_ns() : 0);

	if (!piece)
		abort();
	*piece = what;
	piece->way = way;
	way->refs++;
	if (time_ns < way->last_ns)
		time_ns = way->last_ns; /* nothing overtakes */
	way->last_ns = time_ns;
	if (way->slow)
		world_at(time_ns, on_arrival, piece);
	else
		on_arrival(piece);
}

/* Cuts a length by chance, if faults say so. */
static size_t
shorten(size_t len, unsigned per_thousand, uint64_t *count)
{
	if (len < 2 || !chance_hits(world_chance(), per_thousand))
		return len;
	++*count;
	return (size_t)chance_scale(world_chance(), (int64_t)len - 1);
}

ssize_t
way_read(struct way *way, void *bytes, size_t size)
{
	size_t count = way->arrived < size ? way->arrived : size;

	if (count) {
		count = shorten(count, world_faults()->short_read, &world_tally()->short_reads);
		memcpy(bytes, way->bytes, count);
		way->len -= count;
		way->arrived -= count;
		memmove(way->bytes, way->bytes + count, way->len);
		way_tell(way);
		return (ssize_t)count;
	}
	if (way->reset)
		errno = ECONNRESET;
	else if (way->end_arrived || size == 0)
		return 0;
	else
		errno = EAGAIN;
	return -1;
}

ssize_t
way_write(struct way *way, const void *bytes, size_t len)
{
	size_t room = way->cap - way->len, count = len < room ? len : room, first;

	if (way->reset || way->ended) {
		errno = EPIPE;
		return -1;
	}
	if (!way->slow && len <= PIPE_ATOMIC && room < len)
		count = 0;
	if (!count && len) {
		errno = EAGAIN;
		return -1;
	}
	if (way->slow)
		count = shorten(count, world_faults()->short_write, &world_tally()->short_writes);
	memcpy(way->bytes + way->len, bytes, count);
	way->len += count;
	world_note(bytes, count);
	first = way->slow ? shorten(count, 100, &(uint64_t){0}) : count;
	way_carry(way, (struct piece){.len = first});
	if (first < count)
		way_carry(way, (struct piece){.len = count - first});
	return (ssize_t)count;
}

void
way_end(struct way *way)
{
	if (way->ended)
		return;
	way->ended = true;
	way_carry(way, (struct piece){.end = true});
}

void
way_reset(struct way *way)
{
	way_carry(way, (struct piece){.reset = true});
}
