/*
 * Chooses the closed segments to remove, the oldest first. A segment is removed if it is over a
 * limit (the journal is too large, the segment is too old, or no channel has one of its newest
 * --journal-max-messages in it) and no channel's history needs it; or, needed or not, if the
 * journal is larger than twice --journal-max-bytes.
 */
#include "serve/journal/retention.h"

#include "serve/journal/closed_stats.h"
#include "serve/journal/dir.h"
#include "serve/journal/index_rebuild.h"
#include "serve/journal/index_rebuild_task.h"
#include "serve/journal/journal_size.h"
#include "serve/journal/max_messages.h"
#include "serve/journal/removed_messages.h"
#include "text/clock.h"

/* ---- what a history needs ---- */

/* Returns true if the channel has at least options.history messages after that segment. */
static bool
history_is_newer(
	const struct disk_journal *disk, const struct channel_stats *stats, uint32_t segment)
{
	uint64_t newer = stats_count_after(stats, segment);

	return newer >= disk->options.history ||
		newer + open_message_count(disk, (struct chat_span){stats->channel, stats->len}) >=
		disk->options.history;
}

/*
 * Returns true if no channel's history needs the segment. Otherwise sets closed->needed_by to one
 * that does.
 */
static bool
is_unneeded(
	struct disk_journal *disk, struct closed_segment *closed, const struct index_file *index)
{
	for (uint32_t i = 0; i < index->head.channels; i++) {
		const struct channel_stats *stats =
			stats_find(&disk->stats, chat_span_of(index->channels[i].name));

		if (!stats || history_is_newer(disk, stats, closed->number))
			continue;
		closed->needed_by = stats;
		return false;
	}
	closed->needed_by = NULL;
	return true;
}

/* ---- one segment ---- */

/* Marks the segment for files_delete. Its messages count as removed from now on. */
static void
segment_mark(struct disk_journal *disk, struct closed_segment *closed)
{
	struct cached_segment *unused = segment_cache_take(&disk->cache, closed->number);

	if (unused)
		cached_segment_close(unused);
	if (disk->removals.newest < closed->last)
		disk->removals.newest = closed->last;
	disk->closed.bytes -= closed->bytes;
	closed->removing = true;
	disk->removals.write_due = true;
}

/*
 * Handles a segment with an index that cannot be read, so that it is not known which channels need
 * the segment. Starts making the index, after which retention runs again. Marks the segment instead
 * if its lines are missing or, with in_any_case, if its index could not be made.
 */
static void
segment_mark_without_index(
	struct disk_journal *disk, struct closed_segment *closed, bool in_any_case)
{
	char name[SEGMENT_NAME_MAX];
	uint64_t bytes;

	segment_name(name, closed->number, SEGMENT_LINES);
	if (journal_dir_file_size(disk->dir_fd, name, &bytes) &&
		!(in_any_case && closed->number <= disk->retention.no_index_upto)) {
		index_rebuild_start(disk, closed->number, retention_run);
		return;
	}
	if (disk->removals.unknown < closed->last)
		disk->removals.unknown = closed->last;
	segment_mark(disk, closed);
}

/*
 * Returns the number of the channel's last message in the segment, or, if that cannot be read, of
 * the segment's last message.
 */
static uint64_t
channel_last(const struct closed_segment *closed, struct index_file *index,
	const struct index_channel *channel)
{
	struct position position;

	if (index_file_read(index, channel->first + channel->count - 1, 1, &position, NULL) < 0)
		return closed->last;
	return index->head.base + position.number;
}

static void
segment_mark_with_index(
	struct disk_journal *disk, struct closed_segment *closed, struct index_file *index)
{
	for (uint32_t i = 0; i < index->head.channels; i++) {
		const struct index_channel *channel = &index->channels[i];

		closed_stats_remove(disk, chat_span_of(channel->name),
			(struct stats_run){closed->number, channel->count},
			channel_last(closed, index, channel));
	}
	segment_mark(disk, closed);
}

/* Marks the segment if no channel's history needs it or in_any_case is true. */
static void
segment_consider(struct disk_journal *disk, struct closed_segment *closed, bool in_any_case)
{
	struct index_file index;
	struct chat_err err;

	if (!in_any_case && closed->needed_by &&
		!history_is_newer(disk, closed->needed_by, closed->number))
		return;
	if (index_open_if_valid(&disk->journal, &index, disk->dir_fd, closed->number,
		    closed->lines_bytes, &err) != 0) {
		segment_mark_without_index(disk, closed, in_any_case);
		return;
	}
	if (in_any_case || is_unneeded(disk, closed, &index))
		segment_mark_with_index(disk, closed, &index);
	index_file_close(&index);
}

/* ---- all segments ---- */

/*
 * Lowers timestamps, so that no segment has a later one than the next segment, and none is in the
 * future: the clock may have been set back.
 */
static void
timestamps_limit(struct disk_journal *disk)
{
	int64_t latest_ms = chat_unix_ms();

	for (size_t i = disk->closed.count; i--; latest_ms = disk->closed.at[i].timestamp_ms)
		if (disk->closed.at[i].timestamp_ms > latest_ms)
			disk->closed.at[i].timestamp_ms = latest_ms;
}

/*
 * Marks segments as long as the journal is larger than max_bytes, those older than oldest_ms, and
 * those over the limit of messages; needed ones only with in_any_case.
 */
static void
segments_mark(struct disk_journal *disk, uint64_t max_bytes, int64_t oldest_ms, bool in_any_case)
{
	for (size_t i = 0; i < disk->closed.count; i++) {
		struct closed_segment *closed = &disk->closed.at[i];
		bool over = journal_size_exceeds(disk, max_bytes) ||
			closed->timestamp_ms < oldest_ms ||
			(disk->options.max_messages && !closed->newest_of);

		if (over && !closed->removing)
			segment_consider(disk, closed, in_any_case);
	}
}

/* Deletes the files of marked segments. If that fails, it is tried again in the next run. */
static void
files_delete(struct disk_journal *disk)
{
	struct chat_err err;
	size_t kept = 0;

	for (size_t i = 0; i < disk->closed.count; i++) {
		struct closed_segment *closed = &disk->closed.at[i];

		if (closed->removing && segment_remove(disk->dir_fd, closed->number, &err) == 0)
			continue;
		if (closed->removing) {
			journal_warn(&disk->journal, "%s", err.text);
			disk->closed.bytes += closed->bytes;
		}
		disk->closed.at[kept++] = *closed;
	}
	disk->closed.count = kept;
}

void
retention_run(struct disk_journal *disk)
{
	const struct journal_options *options = &disk->options;
	int64_t oldest_ms = options->max_age_ms ? chat_unix_ms() - options->max_age_ms : INT64_MIN;

	timestamps_limit(disk);
	for (size_t i = 0; i < disk->closed.count; i++) /* marked before, but not deleted */
		if (disk->closed.at[i].removing)
			disk->closed.bytes -= disk->closed.at[i].bytes;
	segments_mark(disk, options->max_bytes, oldest_ms, false);
	if (journal_size_exceeds(disk, 2 * options->max_bytes)) {
		if (!disk->retention.cuts_history)
			journal_warn(&disk->journal,
				"it is twice as large as it may be: what the history of "
				"channels needs is removed");
		disk->retention.cuts_history = true;
		segments_mark(disk, 2 * options->max_bytes, INT64_MIN, true);
	}
	if (disk->removals.write_due)
		removed_messages_write(disk); /* before the deletion: the server may crash */
	files_delete(disk);
}
