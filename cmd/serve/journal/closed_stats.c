/*
 * Keeps the statistics of the channels (channel_stats.h) consistent with the list of closed
 * segments: newest_of in that list is the number of channels with the segment in their runs.
 */
#include "serve/journal/closed_stats.h"

/* A stats_run_changed. */
static uint64_t
on_run_changed(void *arg, uint32_t segment, int by)
{
	struct disk_journal *disk = arg;
	struct closed_segment *closed = closed_segments_find(&disk->closed, segment);

	if (closed)
		closed->newest_of += (uint32_t)by;
	return closed_stats_last(disk, segment);
}

void
closed_stats_add(
	struct disk_journal *disk, struct chat_span channel, uint32_t segment, uint32_t count)
{
	stats_add(&disk->stats, channel, segment, count, on_run_changed, disk);
}

void
closed_stats_remove(
	struct disk_journal *disk, struct chat_span channel, struct stats_run run, uint64_t last)
{
	stats_remove(&disk->stats, channel, run, last, on_run_changed, disk);
}

void
closed_stats_evict(struct disk_journal *disk)
{
	if (!stats_evict(&disk->stats))
		return;
	for (size_t i = 0; i < disk->closed.count; i++) /* they may point to freed statistics */
		disk->closed.at[i].needed_by = NULL;
}

uint64_t
closed_stats_last(const struct disk_journal *disk, uint32_t segment)
{
	const struct closed_segment *closed = closed_segments_find(&disk->closed, segment);

	return closed ? closed->last : disk->removals.newest;
}
