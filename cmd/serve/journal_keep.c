/*
 * How long segments stay. One goes when the journal is larger, or the segment older, than it may
 * be, and every channel in it has its history in the others.
 */
#include "serve/journal_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "serve/journal_scan.h"

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
}

void
journal_tally(struct journal_file *file, struct chat_span channel, uint64_t count)
{
	struct tally *tally;

	HASH_FIND(hh, file->tallies, channel.at, channel.len, tally);
	if (!tally) {
		tally = chat_alloc_zeroed(1, sizeof(*tally));
		tally->len = (uint32_t)channel.len;
		memcpy(tally->channel, channel.at, channel.len);
		HASH_ADD_KEYPTR(hh, file->tallies, tally->channel, tally->len, tally);
	}
	tally->count += count;
}

void
journal_tallies_free(struct journal_file *file)
{
	struct tally *tally, *next;

	HASH_ITER(hh, file->tallies, tally, next)
	{
		HASH_DEL(file->tallies, tally);
		free(tally);
	}
}

/* How many messages of a channel there are outside of the closed segments. */
static uint64_t
count_open(const struct journal_file *file, struct chat_span channel)
{
	const struct segment *open[] = {file->full, file->active};
	uint64_t count = 0;

	for (size_t i = 0; i < 2; i++)
		for (const struct segment *segment = open[i]; segment; segment = segment->next) {
			const struct channel_places *places = index_find(&segment->index, channel);

			count += places ? places->count : 0;
		}
	return count;
}

static bool
channel_can_spare(const struct journal_file *file, const struct index_channel *channel)
{
	struct chat_span name = chat_span_of(channel->name);
	struct tally *tally;

	HASH_FIND(hh, file->tallies, name.at, name.len, tally);
	return tally &&
		tally->count + count_open(file, name) - channel->count >= file->options.history;
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
		chat_warn("journal: %s; the segment is not removed", remaking->err.text);
	}
	free(remaking);
	if (status == 0)
		journal_retain(file);
}

static void
index_remake(struct journal_file *file, uint32_t number)
{
	struct remaking *remaking;

	if (file->remaking || number <= file->unknown)
		return;
	remaking = chat_alloc_zeroed(1, sizeof(*remaking));
	remaking->work.data = remaking;
	remaking->file = file;
	remaking->dir_fd = file->dir_fd;
	remaking->number = number;
	file->remaking = true;
	uv_queue_work(file->loop, &remaking->work, remaking_run, on_remade);
}

/* ---- retention ---- */

/* Removes it if nobody's history needs it. Without its index nobody knows. */
static bool
closed_remove(struct journal_file *file, const struct closed_segment *closed)
{
	struct index_file index;
	struct chat_err err;
	bool spare = true;
	int opened =
		segment_index_try(&index, file->dir_fd, closed->number, closed->lines_bytes, &err);

	if (opened > 0)
		index_remake(file, closed->number);
	if (opened != 0)
		return false;
	for (uint32_t i = 0; spare && i < index.head.channels; i++)
		spare = channel_can_spare(file, &index.channels[i]);
	if (spare && segment_remove(file->dir_fd, closed->number, &err) < 0) {
		chat_warn("journal: %s", err.text);
		spare = false;
	}
	for (uint32_t i = 0; spare && i < index.head.channels; i++)
		journal_tally(file, chat_span_of(index.channels[i].name),
			-(uint64_t)index.channels[i].count);
	index_file_close(&index);
	if (spare && file->removed < closed->last)
		file->removed = closed->last;
	return spare;
}

void
journal_retain(struct journal_file *file)
{
	const struct journal_options *options = &file->options;
	int64_t oldest_ms = options->max_age_ms ? chat_unix_ms() - options->max_age_ms : INT64_MIN;
	uint64_t bytes = 0;
	size_t kept = 0;

	for (size_t i = 0; i < file->closed_count; i++)
		bytes += file->closed[i].bytes;
	for (size_t i = 0; i < file->closed_count; i++) {
		struct closed_segment closed = file->closed[i];
		bool over = (options->max_bytes && bytes > options->max_bytes) ||
			closed.timestamp_ms < oldest_ms;

		if (over && closed_remove(file, &closed))
			bytes -= closed.bytes;
		else
			file->closed[kept++] = closed;
	}
	file->closed_count = kept;
}
