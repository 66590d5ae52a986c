/*
 * The first half of reading a page. The index gives the positions of the lines, so the cost of a
 * page depends on its messages, and not on the size of the segment.
 */
#include "serve/journal/page_positions.h"

#include "text/array.h"

#define POSITIONS_AT_ONCE 512 /* the number of positions read from an index file at once */

/* Adds a position to the page. Returns false if it does not fit or is above `upto`. */
static bool
position_take(struct page_reading *reading, struct page_plan *plan, const struct position *position)
{
	uint64_t number = reading->segment.base + position->number;

	if (number > reading->read->upto || !page_plan_take(plan, number, position->len))
		return false;
	ARRAY_GROW(reading->positions, reading->count, reading->cap, POSITIONS_AT_ONCE);
	reading->positions[reading->count++] = *position;
	return true;
}

static void
plan_finish(struct page_reading *reading, struct page_plan *plan)
{
	reading->count = page_plan_end(plan, &reading->bytes);
	reading->full = plan->full;
}

/* Returns true if the reader already has the message at this position. */
static bool
reader_has(const struct page_reading *reading, const struct position *position)
{
	return reading->segment.base + position->number <= reading->read->after;
}

/* ---- in a segment without index file ---- */

/* Returns the index of the first message that the reader does not have, or the count. */
static uint32_t
memory_find_first(const struct page_reading *reading, const struct channel_positions *channel)
{
	uint32_t low = 0, high = channel->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (reader_has(reading, &channel->at[middle]))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Returns the index of the first message that the reader does not have and that is not hidden. Sets
 * read->complete to false if it skips hidden messages that the reader does not have.
 */
static uint32_t
memory_skip_hidden(struct page_reading *reading, const struct channel_positions *channel)
{
	uint32_t first = memory_find_first(reading, channel), hidden = channel->count;

	if (hidden > reading->skip)
		hidden = (uint32_t)reading->skip;
	reading->skip -= hidden;
	if (first >= hidden)
		return first;
	reading->read->complete = false;
	return hidden;
}

bool
page_choose_in_segment(struct page_reading *reading, const struct segment *segment)
{
	const struct channel_positions *channel =
		index_find(&segment->index, chat_span_of(reading->read->channel));
	struct page_plan plan;
	uint32_t i;

	if (!channel)
		return false;
	reading->segment.base = segment->index.base;
	i = memory_skip_hidden(reading, channel);
	if (i == channel->count)
		return false;
	reading->segment.number = segment->number;
	reading->segment.last = segment->index.last;
	page_plan_begin(&plan, reading->read->page_bytes);
	while (i < channel->count && position_take(reading, &plan, &channel->at[i]))
		i++;
	plan_finish(reading, &plan);
	return true;
}

bool
page_choose_in_list(struct page_reading *reading, const struct segment *segment)
{
	while (segment && !page_choose_in_segment(reading, segment))
		segment = segment->next;
	return segment != NULL;
}

/* ---- in an index file ---- */

/* As memory_find_first, but sets *first. Returns 0, or -1 if the index file is damaged. */
static int
file_find_first(struct page_reading *reading, const struct index_channel *channel, uint32_t *first)
{
	struct index_file *index = &reading->segment.cached->index;
	uint32_t low = channel->first, high = channel->first + channel->count;
	struct position position;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index_file_read(index, middle, 1, &position, &reading->err) < 0)
			return -1;
		if (reader_has(reading, &position))
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	return 0;
}

/* As memory_skip_hidden. first: the result of file_find_first. */
static uint32_t
file_skip_hidden(struct page_reading *reading, const struct index_channel *channel, uint32_t first)
{
	uint32_t hidden = channel->count < reading->skip ? channel->count : (uint32_t)reading->skip;

	if (first >= channel->first + hidden)
		return first;
	reading->read->complete = false;
	return channel->first + hidden;
}

int
page_choose_in_file(struct page_reading *reading)
{
	struct index_file *index = &reading->segment.cached->index;
	const struct index_channel *channel =
		index_file_find(index, chat_span_of(reading->read->channel));
	struct position positions[POSITIONS_AT_ONCE];
	uint32_t at, end, count, i = 0;
	struct page_plan plan;

	if (!channel)
		return 0;
	if (file_find_first(reading, channel, &at) < 0)
		return -1;
	at = file_skip_hidden(reading, channel, at);
	page_plan_begin(&plan, reading->read->page_bytes);
	for (end = channel->first + channel->count; at < end; at += count) {
		count = end - at < POSITIONS_AT_ONCE ? end - at : POSITIONS_AT_ONCE;
		if (index_file_read(index, at, count, positions, &reading->err) < 0)
			return -1;
		for (i = 0; i < count && position_take(reading, &plan, &positions[i]);)
			i++;
		if (i < count)
			break;
	}
	plan_finish(reading, &plan);
	return 0;
}
