/*
 * Reads the newest messages of a channel that has none in memory. First, positions are chosen, from
 * the newest segment to older ones: by the loop in open segments, by a worker of libuv's pool in
 * closed ones. Then the worker reads the lines, the oldest first.
 */
#include "serve/journal/read_newest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "serve/journal/max_messages.h"
#include "serve/journal/read_lines.h"
#include "text/array.h"

#define CLOSED_MAX 64 /* the most closed segments in which positions are chosen */

/* The positions in one segment. */
struct piece {
	uint32_t number; /* the number of the segment */
	uint64_t lines_bytes; /* the size of its file of lines; 0: the segment is open */
	uint64_t base; /* all its messages have higher numbers */
	struct position *positions; /* in a closed segment, NULL before the worker chooses */
	uint32_t count;
};

struct newest_reading {
	uv_work_t work;
	struct disk_journal *disk;
	struct journal_newest_read *read; /* the request, which gets the result */
	struct piece *pieces; /* the newest segment first */
	size_t count, cap;
	uint32_t left; /* the number of messages that may still be chosen */
	size_t left_bytes; /* the bytes that their texts may have */
	uint64_t closed_left; /* the channel's messages in closed segments not yet searched */
	const struct piece *piece; /* the one that on_line reads */
};

/* ---- positions ---- */

/*
 * Chooses the newest of these positions up to read->upto, as many as the limits allow. After one
 * that does not fit, no older message is chosen, in any segment.
 */
static void
piece_choose(struct newest_reading *reading, struct piece *piece, const struct position *positions,
	uint32_t count)
{
	uint32_t n = 0;

	while (count && piece->base + positions[count - 1].number > reading->read->upto)
		count--;
	for (; n < count && reading->left; n++, reading->left--) {
		size_t bytes = (size_t)positions[count - 1 - n].len + 1;

		if (bytes > reading->left_bytes) {
			reading->left = 0;
			break;
		}
		reading->left_bytes -= bytes;
	}
	piece->positions = chat_alloc((n + 1) * sizeof(*positions));
	piece->count = n;
	if (n)
		memcpy(piece->positions, positions + count - n, n * sizeof(*positions));
}

static struct piece *
piece_add(struct newest_reading *reading, uint32_t number, uint64_t base, uint64_t lines_bytes)
{
	struct piece *piece;

	ARRAY_GROW(reading->pieces, reading->count, reading->cap, 4);
	piece = &reading->pieces[reading->count++];
	*piece = (struct piece){.number = number, .base = base, .lines_bytes = lines_bytes};
	return piece;
}

/* Chooses positions in an open segment. */
static void
choose_in_segment(struct newest_reading *reading, const struct segment *segment)
{
	const struct channel_positions *channel =
		index_find(&segment->index, chat_span_of(reading->read->channel));

	if (channel)
		piece_choose(reading, piece_add(reading, segment->number, segment->index.base, 0),
			channel->at, channel->count);
}

/* Chooses positions in a list of open segments, which has the oldest first. */
static void
choose_in_list(struct newest_reading *reading, const struct segment *first)
{
	const struct segment **all, *segment;
	size_t count = 0;

	LL_COUNT(first, segment, count);
	all = chat_alloc((count + 1) * sizeof(*all));
	count = 0;
	LL_FOREACH(first, segment)
	all[count++] = segment;
	while (count-- && reading->left)
		choose_in_segment(reading, all[count]);
	free(all);
}

/* Adds the closed segments in which the worker will choose positions. */
static void
add_closed(struct newest_reading *reading)
{
	const struct disk_journal *disk = reading->disk;
	const struct closed_segments *closed = &disk->closed;
	size_t limit = reading->count + CLOSED_MAX;
	uint32_t newest;

	reading->closed_left =
		closed_message_count(disk, chat_span_of(reading->read->channel), &newest);
	for (size_t i = closed->count; i-- && reading->closed_left && reading->count < limit;)
		if (closed->at[i].number <= newest)
			piece_add(reading, closed->at[i].number, closed->at[i].base,
				closed->at[i].lines_bytes);
}

/* ---- on the worker thread ---- */

/* Chooses positions in an index file. Returns 0, or -1 if the file is damaged. */
static int
choose_in_file(struct newest_reading *reading, struct piece *piece, struct index_file *index,
	struct chat_err *err)
{
	const struct index_channel *channel =
		index_file_find(index, chat_span_of(reading->read->channel));
	struct position *positions;
	uint32_t count = 0;
	int result;

	if (channel)
		count = channel->count < reading->left ? channel->count : reading->left;
	if (!count)
		return 0;
	positions = chat_alloc(count * sizeof(*positions));
	result = index_file_read(
		index, channel->first + channel->count - count, count, positions, err);
	if (result == 0) {
		piece_choose(reading, piece, positions, count);
		reading->closed_left -= channel->count < reading->closed_left
			? channel->count
			: reading->closed_left;
	}
	free(positions);
	return result;
}

/* Chooses positions in a closed segment; makes its index again if that is damaged. */
static int
choose_in_closed(struct newest_reading *reading, struct piece *piece)
{
	struct disk_journal *disk = reading->disk;
	struct chat_err err = {0};
	struct cached_segment *segment = cached_segment_open(
		&disk->journal, disk->dir_fd, piece->number, piece->lines_bytes, &err);
	int result;

	if (!segment)
		return -1;
	result = choose_in_file(reading, piece, &segment->index, &err);
	if (result < 0 &&
		cached_segment_rebuild_index(&disk->journal, segment, disk->dir_fd, &err) == 0)
		result = choose_in_file(reading, piece, &segment->index, &err);
	cached_segment_close(segment);
	return result;
}

/*
 * Chooses positions in the closed segments. If one cannot be read, chooses none in older ones:
 * messages between would be missing.
 */
static void
choose_in_all_closed(struct newest_reading *reading)
{
	for (size_t i = 0; i < reading->count && reading->left; i++) {
		struct piece *piece = &reading->pieces[i];

		if (!piece->lines_bytes || !reading->closed_left)
			continue;
		if (choose_in_closed(reading, piece) < 0)
			reading->left = 0;
	}
}

/* Adds a line to the result. */
static int
on_line(void *arg, const struct position *position, struct chat_span text)
{
	struct newest_reading *reading = arg;
	struct journal_newest_read *read = reading->read;
	struct journal_line line;
	struct history_entry entry;

	if (!journal_line_read(&line, text) ||
		line.number != reading->piece->base + position->number ||
		!chat_span_equal(line.channel, chat_span_of(read->channel)))
		return -1;
	entry = (struct history_entry){
		.block = block_of_frame(CHAT_WS_TEXT, text),
		.data_at = line.data_at,
		.data_len = line.data_len,
		.number = line.number,
	};
	history_add(&read->found, &entry);
	block_unref(entry.block);
	return 0;
}

/*
 * Reads the lines of a piece. If a line cannot be read, removes it and all older messages from the
 * result, so that no message between two others is missing.
 */
static void
piece_read(struct newest_reading *reading, const struct piece *piece)
{
	struct chat_err err = {0};
	int fd = segment_file_open(
		reading->disk->dir_fd, piece->number, SEGMENT_LINES, O_RDONLY, &err);
	const struct position *positions = piece->positions, *bad = NULL;
	size_t count = piece->count;

	reading->piece = piece;
	while (count &&
		(fd < 0 || lines_read(fd, positions, count, on_line, reading, &bad, &err) < 0)) {
		history_free(&reading->read->found);
		count -= bad ? (size_t)(bad + 1 - positions) : count;
		positions = bad ? bad + 1 : positions;
		bad = NULL;
	}
	if (fd >= 0)
		close(fd);
}

static void
reading_run(uv_work_t *work)
{
	struct newest_reading *reading = work->data;

	choose_in_all_closed(reading);
	for (size_t i = reading->count; i--;)
		if (reading->pieces[i].count)
			piece_read(reading, &reading->pieces[i]);
}

/* ---- on the loop ---- */

/* Calls read->done, which the session has set. */
static void
on_read(uv_work_t *work, int status)
{
	struct newest_reading *reading = work->data;
	struct journal_newest_read *read = reading->read;
	uint64_t removed = removed_upto(reading->disk, chat_span_of(read->channel));

	(void)status; /* the work is never cancelled */
	for (size_t i = 0; i < reading->count; i++)
		free(reading->pieces[i].positions);
	free(reading->pieces);
	free(reading);
	read->removed = removed;
	read->done(read);
}

void
read_newest_start(struct journal *journal, struct journal_newest_read *read)
{
	struct disk_journal *disk = (struct disk_journal *)journal;
	struct newest_reading *reading = chat_alloc_zeroed(1, sizeof(*reading));

	reading->disk = disk;
	reading->read = read;
	reading->left = read->most;
	reading->left_bytes = read->most_bytes;
	choose_in_segment(reading, disk->segments.active);
	choose_in_list(reading, disk->segments.full);
	choose_in_list(reading, disk->segments.finishing);
	add_closed(reading);
	reading->work.data = reading;
	uv_queue_work(disk->loop, &reading->work, reading_run, on_read);
}
