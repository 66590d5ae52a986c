/*
 * Selects the lines of the journal that are restored: the newest of every channel. The indexes of
 * the segments have the positions of the lines. The segments are searched from the newest to the
 * oldest, until every channel has enough lines.
 */
#include <stdlib.h>
#include <string.h>

#include "serve/channel/restore_private.h"
#include "serve/journal/recovery_index.h"
#include "text/array.h"
#include "text/buf.h"

#define FRAME_HEADER_MAX 10 /* bytes that a message needs in memory, besides its text */
#define LEFT_LEAST 4096 /* if fewer bytes of memory are left, no older segment is searched */

static struct restored_channel *
selection_channel(struct selection *selection, struct chat_span name)
{
	const struct claimant nobody = {.key = 0};
	struct restored_channel *of;

	HASH_FIND(hh, selection->restored, name.at, name.len, of);
	if (of)
		return of;
	of = chat_alloc_zeroed(1, sizeof(*of));
	of->len = (uint32_t)name.len;
	memcpy(of->name, name.at, name.len);
	of->channel = channels_find(restored_set(selection->sets, name), name, &nobody, NULL);
	HASH_ADD_KEYPTR(hh, selection->restored, of->name, of->len, of);
	return of;
}

static void
segment_add(struct selected_segment *segment, struct restored_channel *of,
	const struct position *position)
{
	ARRAY_GROW(segment->lines, segment->count, segment->cap, 256);
	segment->lines[segment->count++] = (struct selected_line){*position, of};
}

/*
 * Selects the newest of these lines of a channel, until the channel has selection->most lines or
 * the memory is used up. positions: of the channel's last lines in this segment.
 */
static void
select_lines(struct selection *selection, struct selected_segment *segment,
	struct restored_channel *of, const struct position *positions, uint32_t count)
{
	size_t most_bytes = selection->limits->history_bytes;

	while (of->channel && count-- && of->selected < selection->most) {
		size_t size = positions[count].len + FRAME_HEADER_MAX;

		if (selection->bytes + size > most_bytes)
			return;
		selection->bytes += size;
		of->selected++;
		of->oldest = segment->base + positions[count].number;
		segment_add(segment, of, &positions[count]);
	}
}

/* Selects lines of the active segment. Its index is in memory. */
static void
select_active(struct selection *selection, struct selected_segment *segment)
{
	const struct segment *active = selection->disk->segments.active;
	const struct channel_positions *of;

	segment->number = active->number;
	segment->base = active->index.base;
	for (of = active->index.channels; of; of = of->hh.next)
		select_lines(selection, segment,
			selection_channel(selection, (struct chat_span){of->channel, of->len}),
			of->at, of->count);
}

/*
 * Opens the index of a closed segment. If the index does not match its checksums, checks the lines
 * of the segment and makes the index again.
 */
static int
index_open_whole(
	struct disk_journal *disk, uint32_t number, struct index_file *index, struct chat_err *err)
{
	if (recovery_index_open(disk, number, false, index, err) < 0)
		return -1;
	if (index_file_is_whole(index))
		return 0;
	index_file_close(index);
	return recovery_index_open(disk, number, true, index, err);
}

/* Selects lines of a channel in a closed segment. */
static int
select_channel(struct selection *selection, struct selected_segment *segment,
	struct index_file *index, const struct index_channel *channel, struct chat_err *err)
{
	struct restored_channel *of = selection_channel(selection, chat_span_of(channel->name));
	uint32_t lacks = selection->most - of->selected;
	uint32_t count = channel->count < lacks ? channel->count : lacks;
	struct position *positions = chat_alloc((count + 1) * sizeof(*positions));
	int result = index_file_read(
		index, channel->first + channel->count - count, count, positions, err);

	if (result == 0)
		select_lines(selection, segment, of, positions, count);
	free(positions);
	return result;
}

static int
select_closed(struct selection *selection, struct selected_segment *segment, uint32_t number,
	struct chat_err *err)
{
	struct index_file index;
	int result = 0;

	segment->number = number;
	if (index_open_whole(selection->disk, number, &index, err) < 0)
		return -1;
	segment->base = index.head.base;
	for (uint32_t i = 0; i < index.head.channels && result == 0; i++)
		result = select_channel(selection, segment, &index, &index.channels[i], err);
	index_file_close(&index);
	return result;
}

/*
 * Returns true if older segments have no lines to select: every channel has enough, or the memory
 * is used up.
 */
static bool
selection_is_full(const struct selection *selection)
{
	const struct channel_stats *stats;

	if (selection->bytes + LEFT_LEAST > selection->limits->history_bytes ||
		selection->most == 0)
		return true;
	for (stats = selection->disk->stats.by_channel; stats; stats = stats->hh.next) {
		const struct restored_channel *of;

		HASH_FIND(hh, selection->restored, stats->channel, stats->len, of);
		if (!of || (of->channel && of->selected < selection->most))
			return false;
	}
	return true;
}

/*
 * Returns how many lines of each channel are selected at most: limits.history_keep, or fewer if the
 * memory cannot hold all lines of the journal. Then each channel gets an equal part of the memory.
 */
static uint32_t
lines_of_each_channel(const struct selection *selection)
{
	const struct channels_limits *limits = selection->limits;
	const struct disk_journal *disk = selection->disk;
	uint64_t bytes = disk->segments.active->lines_bytes,
		 lines = disk->segments.active->index.count, part;
	uint64_t channels = HASH_COUNT(disk->segments.active->index.channels);
	const struct channel_stats *stats;

	for (size_t i = 0; i < disk->closed.count; i++)
		bytes += disk->closed.at[i].bytes;
	for (stats = disk->stats.by_channel; stats; stats = stats->hh.next)
		lines += stats->count;
	if (channels < HASH_COUNT(disk->stats.by_channel))
		channels = HASH_COUNT(disk->stats.by_channel);
	if (bytes <= limits->history_bytes || !lines || !channels)
		return limits->history_keep;
	part = limits->history_bytes / (bytes / lines + 1) / channels;
	return part < limits->history_keep ? (uint32_t)part : limits->history_keep;
}

int
selection_make(struct selection *selection, struct chat_err *err)
{
	const struct disk_journal *disk = selection->disk;

	selection->most = lines_of_each_channel(selection);
	selection->segments =
		chat_alloc_zeroed(1 + disk->closed.count, sizeof(*selection->segments));
	select_active(selection, &selection->segments[selection->count++]);
	for (size_t i = disk->closed.count; i-- && !selection_is_full(selection);)
		if (select_closed(selection, &selection->segments[selection->count++],
			    disk->closed.at[i].number, err) < 0)
			return -1;
	return 0;
}

void
selection_free(struct selection *selection)
{
	struct restored_channel *of, *next;

	for (size_t i = 0; i < selection->count; i++)
		free(selection->segments[i].lines);
	free(selection->segments);
	HASH_ITER(hh, selection->restored, of, next)
	{
		HASH_DEL(selection->restored, of);
		free(of);
	}
}
