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

uint64_t
closed_segments_older_than(const struct closed_segments *segments, int64_t time_ms)
{
	size_t i = 0;

	while (i < segments->count && segments->at[i].timestamp_ms < time_ms)
		i++;
	return i > 0 ? segments->at[i - 1].last : 0;
}

bool
closed_segments_are_same(const struct closed_segments *one, const struct closed_segments *other)
{
	size_t last = one->count - 1;

	return one->count == other->count &&
		(!one->count ||
			(one->at[0].number == other->at[0].number &&
				one->at[last].number == other->at[last].number));
}

void
closed_segments_copy(struct closed_segments *to, const struct closed_segments *from)
{
	to->count = 0;
	to->bytes = 0;
	for (size_t i = 0; i < from->count; i++)
		closed_segments_add(to, from->at[i]);
}

void
closed_segments_free(struct closed_segments *segments)
{
	free(segments->at);
	*segments = (struct closed_segments){0};
}
