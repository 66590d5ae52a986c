/*
 * How long segments stay. One goes when the journal is larger, or the segment older, than it may
 * be, and every channel in it has its history in the others; or when the journal is twice as large.
 */
#include "serve/journal/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/journal/dir.h"
#include "serve/journal/scan.h"

#define SHARES 4 /* the segment that grows is closed when it is so small a part of the bound */

void
journal_note_closed(struct journal_file *file, struct closed_segment closed)
{
	if (file->closed_count == file->closed_cap) {
		file->closed_cap = file->closed_cap ? 2 * file->closed_cap : 16;
		file->closed = chat_realloc(file->closed, file->closed_cap * sizeof(*file->closed));
	}
	if (file->closed_count && closed.last < file->closed[file->closed_count - 1].last)
		closed.base = closed.last = file->closed[file->closed_count - 1].last;
	file->closed[file->closed_count++] = closed;
	file->closed_bytes += closed.bytes;
}

/* ---- tallies ---- */

static struct closed_segment *
closed_of(struct journal_file *file, uint32_t number)
{
	size_t low = 0, high = file->closed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (file->closed[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < file->closed_count && file->closed[low].number == number ? &file->closed[low]
									      : NULL;
}

/* tally_held */
static uint64_t
on_held(void *arg, uint32_t number, int by)
{
	struct journal_file *file = arg;
	struct closed_segment *closed = closed_of(file, number);

	if (!closed)
		return file->removed;
	closed->holders += (uint32_t)by;
	return closed->last;
}

uint64_t
journal_count_open(const struct journal_file *file, struct chat_span channel)
{
	const struct segment *lists[] = {file->finishing, file->full, file->active};
	uint64_t count = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (const struct segment *segment = lists[i]; segment; segment = segment->next) {
			const struct channel_places *places = index_find(&segment->index, channel);

			count += places ? places->count : 0;
		}
	return count;
}

void
journal_tally(struct journal_file *file, struct chat_span channel, uint32_t segment, uint32_t count)
{
	tallies_add(&file->tallies, channel, segment, count, on_held, file);
}

void
journal_tallied(struct journal_file *file)
{
	if (!tallies_trim(&file->tallies))
		return;
	for (size_t i = 0; i < file->closed_count; i++)
		file->closed[i].needed_by = NULL;
}

uint64_t
journal_tally_find(const struct journal_file *file, struct chat_span channel, uint32_t *newest)
{
	const struct tally *tally = tallies_find(&file->tallies, channel);

	*newest = tally ? tally->newest : 0;
	if (!file->tallies.forgot)
		return tally ? tally->count : 0;
	if (!tally)
		*newest = UINT32_MAX;
	return TALLY_UNKNOWN;
}

/* Without a tally there are none in closed segments, or nothing is known of them. */
static struct journal_hidden
hidden_without(const struct journal_file *file, uint64_t open)
{
	uint64_t most = file->options.max_messages;
	struct journal_hidden hidden = {.newest = file->tallies.gone};

	if (most && open >= most) {
		hidden.first = UINT32_MAX;
		hidden.skip = open - most;
	}
	return hidden;
}

static struct journal_hidden
hidden_with(struct journal_file *file, const struct tally *tally, uint64_t open)
{
	struct journal_hidden hidden = {.newest = tally->gone};
	uint32_t runs;

	if (!file->options.max_messages)
		return hidden;
	runs = tally_look(&file->tallies, tally, open, &hidden.skip);
	hidden.first = runs < tally->runs_count ? tally->runs[runs].segment : UINT32_MAX;
	if (runs) {
		uint64_t last = on_held(file, tally->runs[runs - 1].segment, 0);

		hidden.newest = last > hidden.newest ? last : hidden.newest;
	}
	return hidden;
}

uint64_t
journal_removed(const struct journal_file *file, struct chat_span channel)
{
	const struct tally *tally = tallies_find(&file->tallies, channel);
	uint64_t removed = tally ? tally->removed : file->tallies.removed;

	return removed > file->gone ? removed : file->gone;
}

struct journal_hidden
journal_hidden(struct journal_file *file, struct chat_span channel)
{
	const struct tally *tally = tallies_find(&file->tallies, channel);
	uint64_t open = file->options.max_messages ? journal_count_open(file, channel) : 0;
	struct journal_hidden hidden =
		tally ? hidden_with(file, tally, open) : hidden_without(file, open);

	if (hidden.newest < file->gone)
		hidden.newest = file->gone;
	return hidden;
}

/* ---- an index that is wrong ---- */

/* Made again by a worker of libuv's pool: the whole segment is read for it. */
struct remaking {
	uv_work_t work;
	struct journal_file *file;
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

	remaking->failed = segment_index_remake(
				   &index, remaking->dir_fd, remaking->number, &remaking->err) < 0;
	if (!remaking->failed)
		index_file_close(&index);
}

static void
on_remade(uv_work_t *work, int status)
{
	struct remaking *remaking = work->data;
	struct journal_file *file = remaking->file;

	file->remaking = false;
	if (status < 0 || remaking->failed) {
		file->unknown = remaking->number;
		journal_warn(&file->journal, "%s; the segment is not removed", remaking->err.text);
	}
	free(remaking);
	if (status == 0)
		journal_retain(file);
}

static void
index_remake(struct journal_file *file, uint32_t number)
{
	struct remaking *remaking;

	if (file->remaking || file->closing || number <= file->unknown)
		return;
	remaking = chat_alloc_zeroed(1, sizeof(*remaking));
	remaking->work.data = remaking;
	remaking->file = file;
	remaking->dir_fd = file->dir_fd;
	remaking->number = number;
	file->remaking = true;
	uv_queue_work(file->loop, &remaking->work, remaking_run, on_remade);
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
journal_share(const struct journal_file *file)
{
	return file->options.max_bytes / SHARES;
}

/* Of all segments but the one that grows. */
static uint64_t
grown_bytes(const struct journal_file *file)
{
	return file->closed_bytes + segments_bytes(file->full) + segments_bytes(file->finishing);
}

uint64_t
journal_bytes(const struct journal_file *file)
{
	return grown_bytes(file) + segment_bytes(file->active);
}

bool
journal_is_over(const struct journal_file *file, uint64_t max_bytes)
{
	uint64_t active = segment_bytes(file->active), share = journal_share(file);

	return max_bytes && grown_bytes(file) + (active > share ? active : share) > max_bytes;
}

/* ---- what a history needs ---- */

/* Whether there is a history of the channel behind a segment. */
static bool
tally_can_spare(const struct journal_file *file, const struct tally *tally, uint32_t segment)
{
	uint64_t newer = tally_newer(tally, segment);

	return newer >= file->options.history ||
		newer + journal_count_open(file, (struct chat_span){tally->channel, tally->len}) >=
		file->options.history;
}

/* Whether no channel needs it; otherwise one that does is remembered. */
static bool
closed_can_go(
	struct journal_file *file, struct closed_segment *closed, const struct index_file *index)
{
	for (uint32_t i = 0; i < index->head.channels; i++) {
		const struct index_channel *channel = &index->channels[i];
		const struct tally *tally =
			tallies_find(&file->tallies, chat_span_of(channel->name));

		if (!tally || tally_can_spare(file, tally, closed->number))
			continue;
		closed->needed_by = tally;
		return false;
	}
	closed->needed_by = NULL;
	return true;
}

/* ---- retention ---- */

static void
closed_leave(struct journal_file *file, struct closed_segment *closed)
{
	struct open_segment *unused = open_segments_take(&file->opened, closed->number);

	if (unused)
		open_segment_free(unused);
	if (file->removed < closed->last)
		file->removed = closed->last;
	file->closed_bytes -= closed->bytes;
	closed->leaves = true;
	file->removed_due = true;
}

/* Without its index nobody knows who needs it. */
static void
closed_leave_unknown(struct journal_file *file, struct closed_segment *closed, bool in_any_case)
{
	char name[SEGMENT_NAME_MAX];
	uint64_t bytes;

	segment_name(name, closed->number, SEGMENT_LINES);
	if (journal_dir_size(file->dir_fd, name, &bytes) &&
		!(in_any_case && closed->number <= file->unknown)) {
		index_remake(file, closed->number);
		return;
	}
	if (file->gone < closed->last)
		file->gone = closed->last;
	closed_leave(file, closed);
}

/* The number of the channel's last message in the segment; where that cannot be read, of any. */
static uint64_t
last_of(const struct closed_segment *closed, struct index_file *index,
	const struct index_channel *channel)
{
	struct place place;

	if (index_file_read(index, channel->first + channel->count - 1, 1, &place, NULL) < 0)
		return closed->last;
	return index->head.base + place.number;
}

static void
closed_leave_known(
	struct journal_file *file, struct closed_segment *closed, struct index_file *index)
{
	for (uint32_t i = 0; i < index->head.channels; i++) {
		const struct index_channel *channel = &index->channels[i];

		tallies_remove(&file->tallies, chat_span_of(channel->name),
			(struct tally_run){closed->number, channel->count},
			last_of(closed, index, channel), on_held, file);
	}
	closed_leave(file, closed);
}

/* It leaves if nobody's history needs it, or in any case. */
static void
closed_choose(struct journal_file *file, struct closed_segment *closed, bool in_any_case)
{
	struct index_file index;
	struct chat_err err;

	if (!in_any_case && closed->needed_by &&
		!tally_can_spare(file, closed->needed_by, closed->number))
		return;
	if (segment_index_try(&file->journal, &index, file->dir_fd, closed->number,
		    closed->lines_bytes, &err) != 0) {
		closed_leave_unknown(file, closed, in_any_case);
		return;
	}
	if (in_any_case || closed_can_go(file, closed, &index))
		closed_leave_known(file, closed, &index);
	index_file_close(&index);
}

/* Oldest first. */
static void
retain(struct journal_file *file, uint64_t max_bytes, int64_t oldest_ms, bool in_any_case)
{
	for (size_t i = 0; i < file->closed_count; i++) {
		struct closed_segment *closed = &file->closed[i];
		bool over = journal_is_over(file, max_bytes) || closed->timestamp_ms < oldest_ms ||
			(file->options.max_messages && !closed->holders);

		if (over && !closed->leaves)
			closed_choose(file, closed, in_any_case);
	}
}

/* What cannot be removed is tried again the next time. */
static void
remove_leaving(struct journal_file *file)
{
	struct chat_err err;
	size_t kept = 0;

	for (size_t i = 0; i < file->closed_count; i++) {
		struct closed_segment *closed = &file->closed[i];

		if (closed->leaves && segment_remove(file->dir_fd, closed->number, &err) == 0)
			continue;
		if (closed->leaves) {
			journal_warn(&file->journal, "%s", err.text);
			file->closed_bytes += closed->bytes;
		}
		file->closed[kept++] = *closed;
	}
	file->closed_count = kept;
}

/* No segment is younger than the next one, whatever the clock was when it was written. */
static void
closed_age(struct journal_file *file)
{
	int64_t latest_ms = chat_unix_ms();

	for (size_t i = file->closed_count; i--; latest_ms = file->closed[i].timestamp_ms)
		if (file->closed[i].timestamp_ms > latest_ms)
			file->closed[i].timestamp_ms = latest_ms;
}

void
journal_retain(struct journal_file *file)
{
	const struct journal_options *options = &file->options;
	int64_t oldest_ms = options->max_age_ms ? chat_unix_ms() - options->max_age_ms : INT64_MIN;

	closed_age(file);
	for (size_t i = 0; i < file->closed_count; i++) /* those that could not be removed */
		if (file->closed[i].leaves)
			file->closed_bytes -= file->closed[i].bytes;
	retain(file, options->max_bytes, oldest_ms, false);
	if (journal_is_over(file, 2 * options->max_bytes)) {
		if (!file->cuts_history)
			journal_warn(&file->journal,
				"it is twice as large as it may be: what the history of "
				"channels needs is removed");
		file->cuts_history = true;
		retain(file, 2 * options->max_bytes, INT64_MIN, true);
	}
	if (file->removed_due)
		journal_write_removed(file);
	remove_leaving(file);
}
