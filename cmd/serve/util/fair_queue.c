/*
 * Start-time fair queueing (Goyal, Vin, Cheng, 1996). The queue's clock is the `due` of the last
 * lane that was served. If an empty lane becomes non-empty, its `due` is at least the clock: a lane
 * does not save credit while it is empty.
 */
#include "serve/util/fair_queue.h"

#include <stdlib.h>
#include <utlist.h>

#include "text/array.h"
#include "text/buf.h"

/* ---- the heap ---- */

static bool
is_before(const struct fair_lane *lane, const struct fair_lane *other)
{
	return lane->due != other->due ? lane->due < other->due : lane->order < other->order;
}

static void
heap_put(struct fair_queue *fair, struct fair_lane *lane, size_t at)
{
	fair->heap[at] = lane;
	lane->at = at;
}

static void
heap_rise(struct fair_queue *fair, struct fair_lane *lane)
{
	size_t at = lane->at;

	for (; at && is_before(lane, fair->heap[(at - 1) / 2]); at = (at - 1) / 2)
		heap_put(fair, fair->heap[(at - 1) / 2], at);
	heap_put(fair, lane, at);
}

static void
heap_sink(struct fair_queue *fair, struct fair_lane *lane)
{
	size_t at = lane->at, child;

	while ((child = 2 * at + 1) < fair->count) {
		if (child + 1 < fair->count && is_before(fair->heap[child + 1], fair->heap[child]))
			child++;
		if (!is_before(fair->heap[child], lane))
			break;
		heap_put(fair, fair->heap[child], at);
		at = child;
	}
	heap_put(fair, lane, at);
}

static void
heap_add(struct fair_queue *fair, struct fair_lane *lane)
{
	ARRAY_GROW(fair->heap, fair->count, fair->cap, 16);
	heap_put(fair, lane, fair->count++);
	heap_rise(fair, lane);
}

static void
heap_remove(struct fair_queue *fair, struct fair_lane *lane)
{
	struct fair_lane *last = fair->heap[--fair->count];
	size_t at = lane->at;

	if (last == lane)
		return;
	heap_put(fair, last, at);
	heap_rise(fair, last);
	heap_sink(fair, last);
}

/* ---- the queue ---- */

void
fair_queue_free(struct fair_queue *fair)
{
	free(fair->heap);
}

void
fair_queue_push(struct fair_queue *fair, struct fair_lane *lane, struct fair_entry *entry)
{
	if (!lane->first) {
		if (lane->due < fair->clock)
			lane->due = fair->clock;
		lane->order = ++fair->order;
		heap_add(fair, lane);
	}
	DL_APPEND(lane->first, entry);
	entry->lane = lane;
}

void
fair_queue_remove(struct fair_queue *fair, struct fair_entry *entry)
{
	struct fair_lane *lane = entry->lane;

	if (!lane || lane->at >= fair->count || fair->heap[lane->at] != lane)
		return; /* the entry is in no queue, or in another queue */
	DL_DELETE(lane->first, entry);
	entry->lane = NULL;
	if (!lane->first)
		heap_remove(fair, lane);
}

struct fair_entry *
fair_queue_pop(struct fair_queue *fair)
{
	struct fair_lane *lane = fair->count ? fair->heap[0] : NULL;
	struct fair_entry *entry;

	if (!lane)
		return NULL;
	entry = lane->first;
	fair->clock = lane->due;
	lane->order = ++fair->order;
	heap_sink(fair, lane);
	fair_queue_remove(fair, entry);
	return entry;
}

void
fair_queue_charge(struct fair_queue *fair, struct fair_lane *lane, uint64_t bytes)
{
	lane->due += bytes;
	if (lane->first)
		heap_sink(fair, lane);
}
