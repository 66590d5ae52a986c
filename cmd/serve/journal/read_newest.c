/*
 * The newest messages of a channel whose channel was forgotten, or never there since the start.
 * First the places are chosen, from the newest segment back: on the loop those of segments that
 * have no index file yet, by a worker of libuv's pool those of closed ones. Then the lines are
 * read, from the oldest on.
 */
#include "serve/journal/state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#define CLOSED_MOST 64 /* segments that are looked at */

/* What is wanted of a segment. */
struct piece {
	uint32_t number;
	uint64_t lines_bytes; /* of a closed one, whose places are not chosen yet; 0: it grows */
	uint64_t base;
	struct position *positions;
	uint32_t count;
};

struct recalling {
	uv_work_t work;
	struct disk_journal *disk;
	struct journal_newest_read *recall;
	struct piece *pieces; /* the newest segment first */
	size_t count, cap;
	uint32_t left; /* messages */
	size_t left_bytes;
	uint64_t closed_left; /* messages of the channel in closed segments not looked at yet */
	const struct piece *reading;
};

/* ---- places ---- */

/* Those of the last places that there is room for; without room for one nothing older is wanted. */
static void
piece_choose(struct recalling *recalling, struct piece *piece, const struct position *positions,
	uint32_t count)
{
	uint32_t n = 0;

	while (count && piece->base + positions[count - 1].number > recalling->recall->upto)
		count--;
	for (; n < count && recalling->left; n++, recalling->left--) {
		size_t bytes = (size_t)positions[count - 1 - n].len + 1;

		if (bytes > recalling->left_bytes) {
			recalling->left = 0;
			break;
		}
		recalling->left_bytes -= bytes;
	}
	piece->positions = chat_alloc((n + 1) * sizeof(*positions));
	piece->count = n;
	if (n)
		memcpy(piece->positions, positions + count - n, n * sizeof(*positions));
}

static struct piece *
piece_add(struct recalling *recalling, uint32_t number, uint64_t base, uint64_t lines_bytes)
{
	struct piece *piece;

	if (recalling->count == recalling->cap) {
		recalling->cap = recalling->cap ? 2 * recalling->cap : 4;
		recalling->pieces = chat_realloc(
			recalling->pieces, recalling->cap * sizeof(*recalling->pieces));
	}
	piece = &recalling->pieces[recalling->count++];
	*piece = (struct piece){.number = number, .base = base, .lines_bytes = lines_bytes};
	return piece;
}

static void
choose_growing(struct recalling *recalling, const struct segment *segment)
{
	const struct channel_positions *channel =
		index_find(&segment->index, chat_span_of(recalling->recall->channel));

	if (channel)
		piece_choose(recalling,
			piece_add(recalling, segment->number, segment->index.base, 0), channel->at,
			channel->count);
}

/* Those of a list, which has the oldest first. */
static void
choose_list(struct recalling *recalling, const struct segment *first)
{
	const struct segment **all, *segment;
	size_t count = 0;

	LL_COUNT(first, segment, count);
	all = chat_alloc((count + 1) * sizeof(struct segment *));
	count = 0;
	LL_FOREACH(first, segment)
	all[count++] = segment;
	while (count-- && recalling->left)
		choose_growing(recalling, all[count]);
	free(all);
}

static void
choose_closed(struct recalling *recalling)
{
	const struct disk_journal *disk = recalling->disk;
	uint32_t newest;
	size_t most = recalling->count + CLOSED_MOST;

	recalling->closed_left =
		closed_message_count(disk, chat_span_of(recalling->recall->channel), &newest);
	for (size_t i = disk->closed_count;
		i-- && recalling->closed_left && recalling->count < most;)
		if (disk->closed[i].number <= newest)
			piece_add(recalling, disk->closed[i].number, disk->closed[i].base,
				disk->closed[i].lines_bytes);
}

/* ---- beside the loop ---- */

static int
piece_look(struct recalling *recalling, struct piece *piece, struct index_file *index,
	struct chat_err *err)
{
	const struct index_channel *channel =
		index_file_find(index, chat_span_of(recalling->recall->channel));
	uint32_t count = 0;
	struct position *positions;
	int result;

	if (channel)
		count = channel->count < recalling->left ? channel->count : recalling->left;
	if (!count)
		return 0;
	positions = chat_alloc(count * sizeof(*positions));
	result = index_file_read(
		index, channel->first + channel->count - count, count, positions, err);
	if (result == 0) {
		piece_choose(recalling, piece, positions, count);
		recalling->closed_left -= channel->count < recalling->closed_left
			? channel->count
			: recalling->closed_left;
	}
	free(positions);
	return result;
}

/* What its index says, if need be once that is made again. */
static int
piece_open(struct recalling *recalling, struct piece *piece)
{
	struct disk_journal *disk = recalling->disk;
	struct chat_err err = {0};
	struct cached_segment *opened = cached_segment_open(
		&disk->journal, disk->dir_fd, piece->number, piece->lines_bytes, &err);
	int result;

	if (!opened)
		return -1;
	result = piece_look(recalling, piece, &opened->index, &err);
	if (result < 0 &&
		cached_segment_rebuild_index(&disk->journal, opened, disk->dir_fd, &err) == 0)
		result = piece_look(recalling, piece, &opened->index, &err);
	cached_segment_close(opened);
	return result;
}

/* Behind one that cannot be looked at nothing is wanted: it would be a hole. */
static void
pieces_look(struct recalling *recalling)
{
	for (size_t i = 0; i < recalling->count && recalling->left; i++) {
		struct piece *piece = &recalling->pieces[i];

		if (!piece->lines_bytes || !recalling->closed_left)
			continue;
		if (piece_open(recalling, piece) < 0)
			recalling->left = 0;
	}
}

static int
take_line(void *arg, const struct position *position, struct chat_span text)
{
	struct recalling *recalling = arg;
	struct journal_newest_read *recall = recalling->recall;
	struct journal_line line;
	struct history_entry entry;

	if (!journal_line_read(&line, text) ||
		line.number != recalling->reading->base + position->number ||
		!chat_span_equal(line.channel, chat_span_of(recall->channel)))
		return -1;
	entry = (struct history_entry){
		.block = block_of_frame(CHAT_WS_TEXT, text),
		.data_at = line.data_at,
		.data_len = line.data_len,
		.number = line.number,
	};
	history_add(&recall->found, &entry);
	block_unref(entry.block);
	return 0;
}

/* What is older than something that cannot be read is given up: there would be a hole. */
static void
piece_read(struct recalling *recalling, const struct piece *piece)
{
	struct chat_err err = {0};
	int fd = segment_file_open(
		recalling->disk->dir_fd, piece->number, SEGMENT_LINES, O_RDONLY, &err);
	const struct position *positions = piece->positions, *bad = NULL;
	size_t count = piece->count;

	recalling->reading = piece;
	while (count &&
		(fd < 0 ||
			lines_read(fd, positions, count, take_line, recalling, &bad, &err) < 0)) {
		history_free(&recalling->recall->found);
		count -= bad ? (size_t)(bad + 1 - positions) : count;
		positions = bad ? bad + 1 : positions;
		bad = NULL;
	}
	if (fd >= 0)
		close(fd);
}

static void
recalling_run(uv_work_t *work)
{
	struct recalling *recalling = work->data;

	pieces_look(recalling);
	for (size_t i = recalling->count; i--;)
		if (recalling->pieces[i].count)
			piece_read(recalling, &recalling->pieces[i]);
}

static void
on_recalled(uv_work_t *work, int status)
{
	struct recalling *recalling = work->data;
	struct journal_newest_read *recall = recalling->recall;
	uint64_t removed = removed_upto_of(recalling->disk, chat_span_of(recall->channel));

	(void)status; /* it is never cancelled */
	for (size_t i = 0; i < recalling->count; i++)
		free(recalling->pieces[i].positions);
	free(recalling->pieces);
	free(recalling);
	recall->removed = removed;
	recall->done(recall);
}

/* ---- on the loop ---- */

uint64_t
message_count(struct journal *journal, struct chat_span channel)
{
	const struct disk_journal *disk = (const struct disk_journal *)journal;
	uint32_t newest;

	return closed_message_count(disk, channel, &newest) + journal_count_open(disk, channel);
}

void
newest_read_start(struct journal *journal, struct journal_newest_read *recall)
{
	struct disk_journal *disk = (struct disk_journal *)journal;
	struct recalling *recalling = chat_alloc_zeroed(1, sizeof(*recalling));

	recalling->disk = disk;
	recalling->recall = recall;
	recalling->left = recall->most;
	recalling->left_bytes = recall->most_bytes;
	choose_growing(recalling, disk->active);
	choose_list(recalling, disk->full);
	choose_list(recalling, disk->finishing);
	choose_closed(recalling);
	recalling->work.data = recalling;
	uv_queue_work(disk->loop, &recalling->work, recalling_run, on_recalled);
}
