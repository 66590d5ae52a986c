/*
 * The list of closed segments: recovery.c and sync_result.c add to it, retention.c removes from it.
 */
#include "serve/journal/closed_segments.h"

#include <stdlib.h>

#include "text/array.h"
#include "text/buf.h"

void
closed_segments_add(struct closed_segments *segments, struct closed_segment closed)
{
	ARRAY_GROW(segments->at, segments->count, segments->cap, 16);
	/* a segment without messages gets the last number of the segment before it */
	if (segments->count && closed.last < segments->at[segments->count - 1].last)
		closed.base = closed.last = segments->at[segments->count - 1].last;
	segments->at[segments->count++] = closed;
	segments->bytes += closed.bytes;
}

struct closed_segment *
closed_segments_find(const struct closed_segments *segments, uint32_t number)
{
	size_t low = 0, high = segments->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (segments->at[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < segments->count && segments->at[low].number == number ? &segments->at[low]
									   : NULL;
}

size_t
closed_segments_after(const struct closed_segments *segments, uint64_t message)
{
	size_t low = 0, high = segments->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (segments->at[middle].last > message)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void
closed_segments_free(struct closed_segments *segments)
{
	free(segments->at);
	*segments = (struct closed_segments){0};
}
