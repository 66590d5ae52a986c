/*
 * How long segments stay. One goes when the journal is larger, or the segment older, than it may
 * be, and every channel in it has its history in the others; or when the journal is twice as large.
 */
#include "serve/journal/state.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/journal/dir.h"
#include "serve/journal/scan.h"

#define SHARES 4 /* the segment that grows is closed when it is so small a part of the bound */

void
journal_note_closed(struct disk_journal *disk, struct closed_segment closed)
{
	if (disk->closed_count == disk->closed_cap) {
		disk->closed_cap = disk->closed_cap ? 2 * disk->closed_cap : 16;
		disk->closed = chat_realloc(disk->closed, disk->closed_cap * sizeof(*disk->closed));
	}
	if (disk->closed_count && closed.last < disk->closed[disk->closed_count - 1].last)
		closed.base = closed.last = disk->closed[disk->closed_count - 1].last;
	disk->closed[disk->closed_count++] = closed;
	disk->closed_bytes += closed.bytes;
}

/* ---- tallies ---- */

static struct closed_segment *
closed_of(struct disk_journal *disk, uint32_t number)
{
	size_t low = 0, high = disk->closed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (disk->closed[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < disk->closed_count && disk->closed[low].number == number ? &disk->closed[low]
									      : NULL;
}

/* tally_held */
static uint64_t
on_run_changed(void *arg, uint32_t number, int by)
{
	struct disk_journal *disk = arg;
	struct closed_segment *closed = closed_of(disk, number);

	if (!closed)
		return disk->removed;
	closed->holders += (uint32_t)by;
	return closed->last;
}

uint64_t
journal_count_open(const struct disk_journal *disk, struct chat_span channel)
{
	const struct segment *lists[] = {disk->finishing, disk->full, disk->active};
	uint64_t count = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (const struct segment *segment = lists[i]; segment; segment = segment->next) {
			const struct channel_positions *positions =
				index_find(&segment->index, channel);

			count += positions ? positions->count : 0;
		}
	return count;
}

void
journal_tally(struct disk_journal *disk, struct chat_span channel, uint32_t segment, uint32_t count)
{
	stats_add(&disk->stats, channel, segment, count, on_run_changed, disk);
}

void
journal_tallied(struct disk_journal *disk)
{
	if (!stats_evict(&disk->stats))
		return;
	for (size_t i = 0; i < disk->closed_count; i++)
		disk->closed[i].needed_by = NULL;
}

uint64_t
closed_message_count(const struct disk_journal *disk, struct chat_span channel, uint32_t *newest)
{
	const struct channel_stats *stats = stats_find(&disk->stats, channel);

	*newest = stats ? stats->newest : 0;
	if (!disk->stats.forgot)
		return stats ? stats->count : 0;
	if (!stats)
		*newest = UINT32_MAX;
	return STATS_COUNT_UNKNOWN;
}

/* Without a tally there are none in closed segments, or nothing is known of them. */
static struct journal_hidden
hidden_without(const struct disk_journal *disk, uint64_t open)
{
	uint64_t most = disk->options.max_messages;
	struct journal_hidden hidden = {.newest = disk->stats.gone};

	if (most && open >= most) {
		hidden.first = UINT32_MAX;
		hidden.skip = open - most;
	}
	return hidden;
}

static struct journal_hidden
hidden_with(struct disk_journal *disk, const struct channel_stats *stats, uint64_t open)
{
	struct journal_hidden hidden = {.newest = stats->gone};
	uint32_t runs;

	if (!disk->options.max_messages)
		return hidden;
	runs = stats_hidden_runs(&disk->stats, stats, open, &hidden.skip);
	hidden.first = runs < stats->runs_count ? stats->runs[runs].segment : UINT32_MAX;
	if (runs) {
		uint64_t last = on_run_changed(disk, stats->runs[runs - 1].segment, 0);

		hidden.newest = last > hidden.newest ? last : hidden.newest;
	}
	return hidden;
}

uint64_t
removed_upto_of(const struct disk_journal *disk, struct chat_span channel)
{
	const struct channel_stats *stats = stats_find(&disk->stats, channel);
	uint64_t removed = stats ? stats->removed : disk->stats.removed;

	return removed > disk->gone ? removed : disk->gone;
}

struct journal_hidden
journal_hidden(struct disk_journal *disk, struct chat_span channel)
{
	const struct channel_stats *stats = stats_find(&disk->stats, channel);
	uint64_t open = disk->options.max_messages ? journal_count_open(disk, channel) : 0;
	struct journal_hidden hidden =
		stats ? hidden_with(disk, stats, open) : hidden_without(disk, open);

	if (hidden.newest < disk->gone)
		hidden.newest = disk->gone;
	return hidden;
}

/* ---- an index that is wrong ---- */

/* Made again by a worker of libuv's pool: the whole segment is read for it. */
struct remaking {
	uv_work_t work;
	struct disk_journal *disk;
	int dir_fd;
	uint32_t number;
	bool failed;
	struct chat_err err;
};

static void
remaking_run(uv_work_t *work)
{
	struct remaking *remaking = work->data;
	struct index_file index;

	remaking->failed =
		index_rebuild(&index, remaking->dir_fd, remaking->number, &remaking->err) < 0;
	if (!remaking->failed)
		index_file_close(&index);
}

static void
on_remade(uv_work_t *work, int status)
{
	struct remaking *remaking = work->data;
	struct disk_journal *disk = remaking->disk;

	disk->remaking = false;
	if (status < 0 || remaking->failed) {
		disk->unknown = remaking->number;
		journal_warn(&disk->journal, "%s; the segment is not removed", remaking->err.text);
	}
	free(remaking);
	if (status == 0)
		journal_retain(disk);
}

static void
index_remake(struct disk_journal *disk, uint32_t number)
{
	struct remaking *remaking;

	if (disk->remaking || disk->closing || number <= disk->unknown)
		return;
	remaking = chat_alloc_zeroed(1, sizeof(*remaking));
	remaking->work.data = remaking;
	remaking->disk = disk;
	remaking->dir_fd = disk->dir_fd;
	remaking->number = number;
	disk->remaking = true;
	uv_queue_work(disk->loop, &remaking->work, remaking_run, on_remade);
}

/* ---- bytes ---- */

static uint64_t
segments_bytes(const struct segment *segment)
{
	uint64_t bytes = 0;

	for (; segment; segment = segment->next)
		bytes += segment_bytes(segment);
	return bytes;
}

uint64_t
retention_segment_share(const struct disk_journal *disk)
{
	return disk->options.max_bytes / SHARES;
}

/* Of all segments but the one that grows. */
static uint64_t
grown_bytes(const struct disk_journal *disk)
{
	return disk->closed_bytes + segments_bytes(disk->full) + segments_bytes(disk->finishing);
}

uint64_t
retention_bytes(const struct disk_journal *disk)
{
	return grown_bytes(disk) + segment_bytes(disk->active);
}

bool
retention_is_over(const struct disk_journal *disk, uint64_t max_bytes)
{
	uint64_t active = segment_bytes(disk->active), share = retention_segment_share(disk);

	return max_bytes && grown_bytes(disk) + (active > share ? active : share) > max_bytes;
}

/* ---- what a history needs ---- */

/* Whether there is a history of the channel behind a segment. */
static bool
tally_can_spare(
	const struct disk_journal *disk, const struct channel_stats *stats, uint32_t segment)
{
	uint64_t newer = stats_count_after(stats, segment);

	return newer >= disk->options.history ||
		newer + journal_count_open(disk, (struct chat_span){stats->channel, stats->len}) >=
		disk->options.history;
}

/* Whether no channel needs it; otherwise one that does is remembered. */
static bool
closed_can_go(
	struct disk_journal *disk, struct closed_segment *closed, const struct index_file *index)
{
	for (uint32_t i = 0; i < index->head.channels; i++) {
		const struct index_channel *channel = &index->channels[i];
		const struct channel_stats *stats =
			stats_find(&disk->stats, chat_span_of(channel->name));

		if (!stats || tally_can_spare(disk, stats, closed->number))
			continue;
		closed->needed_by = stats;
		return false;
	}
	closed->needed_by = NULL;
	return true;
}

/* ---- retention ---- */

static void
closed_leave(struct disk_journal *disk, struct closed_segment *closed)
{
	struct cached_segment *unused = segment_cache_take(&disk->opened, closed->number);

	if (unused)
		cached_segment_close(unused);
	if (disk->removed < closed->last)
		disk->removed = closed->last;
	disk->closed_bytes -= closed->bytes;
	closed->leaves = true;
	disk->removed_due = true;
}

/* Without its index nobody knows who needs it. */
static void
closed_leave_unknown(struct disk_journal *disk, struct closed_segment *closed, bool in_any_case)
{
	char name[SEGMENT_NAME_MAX];
	uint64_t bytes;

	segment_name(name, closed->number, SEGMENT_LINES);
	if (journal_dir_file_size(disk->dir_fd, name, &bytes) &&
		!(in_any_case && closed->number <= disk->unknown)) {
		index_remake(disk, closed->number);
		return;
	}
	if (disk->gone < closed->last)
		disk->gone = closed->last;
	closed_leave(disk, closed);
}

/* The number of the channel's last message in the segment; where that cannot be read, of any. */
static uint64_t
last_of(const struct closed_segment *closed, struct index_file *index,
	const struct index_channel *channel)
{
	struct position position;

	if (index_file_read(index, channel->first + channel->count - 1, 1, &position, NULL) < 0)
		return closed->last;
	return index->head.base + position.number;
}

static void
closed_leave_known(
	struct disk_journal *disk, struct closed_segment *closed, struct index_file *index)
{
	for (uint32_t i = 0; i < index->head.channels; i++) {
		const struct index_channel *channel = &index->channels[i];

		stats_remove(&disk->stats, chat_span_of(channel->name),
			(struct stats_run){closed->number, channel->count},
			last_of(closed, index, channel), on_run_changed, disk);
	}
	closed_leave(disk, closed);
}

/* It leaves if nobody's history needs it, or in any case. */
static void
closed_choose(struct disk_journal *disk, struct closed_segment *closed, bool in_any_case)
{
	struct index_file index;
	struct chat_err err;

	if (!in_any_case && closed->needed_by &&
		!tally_can_spare(disk, closed->needed_by, closed->number))
		return;
	if (index_open_if_valid(&disk->journal, &index, disk->dir_fd, closed->number,
		    closed->lines_bytes, &err) != 0) {
		closed_leave_unknown(disk, closed, in_any_case);
		return;
	}
	if (in_any_case || closed_can_go(disk, closed, &index))
		closed_leave_known(disk, closed, &index);
	index_file_close(&index);
}

/* Oldest first. */
static void
retain(struct disk_journal *disk, uint64_t max_bytes, int64_t oldest_ms, bool in_any_case)
{
	for (size_t i = 0; i < disk->closed_count; i++) {
		struct closed_segment *closed = &disk->closed[i];
		bool over = retention_is_over(disk, max_bytes) ||
			closed->timestamp_ms < oldest_ms ||
			(disk->options.max_messages && !closed->holders);

		if (over && !closed->leaves)
			closed_choose(disk, closed, in_any_case);
	}
}

/* What cannot be removed is tried again the next time. */
static void
remove_leaving(struct disk_journal *disk)
{
	struct chat_err err;
	size_t kept = 0;

	for (size_t i = 0; i < disk->closed_count; i++) {
		struct closed_segment *closed = &disk->closed[i];

		if (closed->leaves && segment_remove(disk->dir_fd, closed->number, &err) == 0)
			continue;
		if (closed->leaves) {
			journal_warn(&disk->journal, "%s", err.text);
			disk->closed_bytes += closed->bytes;
		}
		disk->closed[kept++] = *closed;
	}
	disk->closed_count = kept;
}

/* No segment is younger than the next one, whatever the clock was when it was written. */
static void
closed_age(struct disk_journal *disk)
{
	int64_t latest_ms = chat_unix_ms();

	for (size_t i = disk->closed_count; i--; latest_ms = disk->closed[i].timestamp_ms)
		if (disk->closed[i].timestamp_ms > latest_ms)
			disk->closed[i].timestamp_ms = latest_ms;
}

void
journal_retain(struct disk_journal *disk)
{
	const struct journal_options *options = &disk->options;
	int64_t oldest_ms = options->max_age_ms ? chat_unix_ms() - options->max_age_ms : INT64_MIN;

	closed_age(disk);
	for (size_t i = 0; i < disk->closed_count; i++) /* those that could not be removed */
		if (disk->closed[i].leaves)
			disk->closed_bytes -= disk->closed[i].bytes;
	retain(disk, options->max_bytes, oldest_ms, false);
	if (retention_is_over(disk, 2 * options->max_bytes)) {
		if (!disk->cuts_history)
			journal_warn(&disk->journal,
				"it is twice as large as it may be: what the history of "
				"channels needs is removed");
		disk->cuts_history = true;
		retain(disk, 2 * options->max_bytes, INT64_MIN, true);
	}
	if (disk->removed_due)
		journal_write_removed(disk);
	remove_leaving(disk);
}
