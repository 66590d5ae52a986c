/*
 * What was said before the memory of the server begins: read by a worker of libuv's pool, so that
 * the loop goes on. The index says where the lines are, so a page costs what it brings.
 */
#include "serve/journal/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/frame/page.h"
#include "serve/util/crc32c.h"

#define PIECE_BYTES ((size_t)1 << 20) /* read at once */
#define GAP_BYTES 16384 /* read over rather than left out */

/* ---- lines ---- */

/* How many of the places lie so near to each other that they are one piece; its bytes in *len. */
static size_t
piece_of(const struct position *positions, size_t count, size_t *len)
{
	uint64_t start = positions->at, end = start + positions->len + 1;
	size_t i;

	for (i = 1; i < count; i++) {
		uint64_t next = (uint64_t)positions[i].at + positions[i].len + 1;

		if (positions[i].at > end + GAP_BYTES || next - start > PIECE_BYTES)
			break;
		if (end < next) /* those of several channels may lie over one another */
			end = next;
	}
	*len = (size_t)(end - start);
	return i;
}

static int
read_piece(int fd, struct chat_buf *buf, size_t len, uint64_t at)
{
	buf->len = 0;
	chat_buf_reserve(buf, len);
	while (buf->len < len) {
		ssize_t count =
			pread(fd, buf->at + buf->len, len - buf->len, (off_t)(at + buf->len));

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			errno = count == 0 ? EIO : errno;
			return -1;
		}
		buf->len += (size_t)count;
	}
	return 0;
}

int
lines_read(int fd, const struct position *positions, size_t count, lines_read_each *each, void *arg,
	const struct position **bad, struct chat_err *err)
{
	struct chat_buf buf = {0};
	int result = 0;
	size_t len;

	*bad = NULL;
	while (count && result == 0) {
		size_t here = piece_of(positions, count, &len);

		if (read_piece(fd, &buf, len, positions->at) < 0)
			result = chat_fail(err, CHAT_IO_ERROR, "read: %m");
		for (size_t i = 0; i < here && result == 0; i++) {
			const char *at = buf.at + (positions[i].at - positions->at);

			if (crc32c(0, at, positions[i].len + 1) != positions[i].crc) {
				*bad = &positions[i];
				result = chat_fail(
					err, CHAT_BAD_MESSAGE, "a line is not what was written");
			} else {
				result = each(arg, &positions[i],
					(struct chat_span){at, positions[i].len});
			}
		}
		positions += here;
		count -= here;
	}
	chat_buf_free(&buf);
	return result;
}

/* ---- a page ---- */

#define POSITIONS_AT_ONCE 512

/* A page of one segment: its places are chosen, then their lines are read. */
struct reading {
	uv_work_t work;
	struct disk_journal *disk;
	struct journal_page_read *read;
	uint32_t number; /* of the segment; 0: there is none */
	uint64_t base, last; /* of its messages */
	uint64_t skip; /* so many of the channel's from the front are kept from readers */
	uint64_t lines_bytes; /* of a closed one */
	bool closed; /* the worker chooses; else it is done on the loop */
	struct cached_segment *opened; /* of a closed one */
	struct position *positions; /* of the page */
	uint32_t count, cap;
	size_t bytes; /* of their texts, with commas */
	bool full; /* there are more for another page */
	struct page_writer writer;
	uint32_t put; /* lines that are in the page */
	struct chat_err err; /* what is wrong with the segment */
};

/* The next place of the channel; false: the page ends before it. */
static bool
reading_take(struct reading *reading, struct page_plan *plan, const struct position *position)
{
	uint64_t number = reading->base + position->number;

	if (number > reading->read->upto || !page_plan_take(plan, number, position->len))
		return false;
	if (reading->count == reading->cap) {
		reading->cap = reading->cap ? 2 * reading->cap : POSITIONS_AT_ONCE;
		reading->positions = chat_realloc(
			reading->positions, reading->cap * sizeof(*reading->positions));
	}
	reading->positions[reading->count++] = *position;
	return true;
}

static void
reading_plan(struct reading *reading, struct page_plan *plan)
{
	reading->count = page_plan_end(plan, &reading->bytes);
	reading->full = plan->full;
}

/* Whether this place is of a message that the reader has. */
static bool
is_before(const struct reading *reading, const struct position *position)
{
	return reading->base + position->number <= reading->read->after;
}

/* ---- places in memory ---- */

/* The first place of a message that the reader does not have. */
static uint32_t
find_in_memory(const struct reading *reading, const struct channel_positions *channel)
{
	uint32_t low = 0, high = channel->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (is_before(reading, &channel->at[middle]))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Where the reader begins in these, and at the first that is not kept from it. It is told of those
 * that it misses.
 */
static uint32_t
begin_in_memory(struct reading *reading, const struct channel_positions *channel)
{
	uint32_t first = find_in_memory(reading, channel), hidden = channel->count;

	if (hidden > reading->skip)
		hidden = (uint32_t)reading->skip;
	reading->skip -= hidden;
	if (first >= hidden)
		return first;
	reading->read->complete = false;
	return hidden;
}

/* A segment that has no index file yet; false: it has nothing for the reader. */
static bool
choose_growing(struct reading *reading, const struct segment *segment)
{
	const struct channel_positions *channel =
		index_find(&segment->index, chat_span_of(reading->read->channel));
	struct page_plan plan;
	uint32_t i;

	if (!channel)
		return false;
	reading->base = segment->index.base;
	i = begin_in_memory(reading, channel);
	if (i == channel->count)
		return false;
	reading->number = segment->number;
	reading->last = segment->index.last;
	page_plan_begin(&plan, reading->read->page_bytes);
	while (i < channel->count && reading_take(reading, &plan, &channel->at[i]))
		i++;
	reading_plan(reading, &plan);
	return true;
}

static bool
choose_in_list(struct reading *reading, const struct segment *segment)
{
	while (segment && !choose_growing(reading, segment))
		segment = segment->next;
	return segment != NULL;
}

/* ---- places in a file ---- */

static int
find_in_file(struct reading *reading, const struct index_channel *channel, uint32_t *first)
{
	uint32_t low = channel->first, high = channel->first + channel->count;
	struct position position;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (index_file_read(&reading->opened->index, middle, 1, &position, &reading->err) <
			0)
			return -1;
		if (is_before(reading, &position))
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	return 0;
}

/* The same, from the place at which the reader would begin otherwise. */
static uint32_t
begin_in_file(struct reading *reading, const struct index_channel *channel, uint32_t first)
{
	uint32_t hidden = channel->count < reading->skip ? channel->count : (uint32_t)reading->skip;

	if (first >= channel->first + hidden)
		return first;
	reading->read->complete = false;
	return channel->first + hidden;
}

static int
choose_in_file(struct reading *reading)
{
	const struct index_channel *channel =
		index_file_find(&reading->opened->index, chat_span_of(reading->read->channel));
	struct position positions[POSITIONS_AT_ONCE];
	uint32_t at, end, count, i = 0;
	struct page_plan plan;

	if (!channel)
		return 0;
	if (find_in_file(reading, channel, &at) < 0)
		return -1;
	at = begin_in_file(reading, channel, at);
	page_plan_begin(&plan, reading->read->page_bytes);
	for (end = channel->first + channel->count; at < end; at += count) {
		count = end - at < POSITIONS_AT_ONCE ? end - at : POSITIONS_AT_ONCE;
		if (index_file_read(&reading->opened->index, at, count, positions, &reading->err) <
			0)
			return -1;
		for (i = 0; i < count && reading_take(reading, &plan, &positions[i]);)
			i++;
		if (i < count)
			break;
	}
	reading_plan(reading, &plan);
	return 0;
}

/* ---- lines ---- */

static bool
line_is_good(const struct reading *reading, const struct position *position, const char *at,
	struct journal_line *line)
{
	return crc32c(0, at, position->len + 1) == position->crc &&
		journal_line_read(line, (struct chat_span){at, position->len}) &&
		line->number == reading->base + position->number &&
		chat_span_equal(line->channel, chat_span_of(reading->read->channel));
}

/*
 * Puts a line into the page; at NULL: it cannot be read. What is damaged is left out, and where the
 * page has lines already, it ends there: the next one says that something is missing.
 */
static bool
line_put(struct reading *reading, const struct position *position, const char *at)
{
	struct journal_page_read *read = reading->read;
	struct chat_span text = {at, position->len};
	struct journal_line line;

	if (!at || !line_is_good(reading, position, at, &line)) {
		chat_fail(&reading->err, CHAT_BAD_MESSAGE, "a line is not what was written");
		read->complete = false;
		return reading->put == 0;
	}
	if (text.len > read->most_bytes && line.data_len)
		page_writer_put_without_data(&reading->writer, text, line.data_at, line.data_len);
	else
		page_writer_put(&reading->writer, text);
	reading->put++;
	read->end = line.number;
	return true;
}

/* All lines of the page; false: it ends before the last of them. */
static bool
lines_put(struct reading *reading, int fd)
{
	const struct position *positions = reading->positions;
	struct chat_buf buf = {0};
	bool whole = true;
	size_t here, len;

	for (uint32_t left = reading->count; left && whole; left -= (uint32_t)here) {
		bool is_read;

		here = piece_of(positions, left, &len);
		is_read = read_piece(fd, &buf, len, positions->at) == 0;
		reading->read->read_bytes += len;
		for (size_t i = 0; i < here && whole; i++)
			whole = line_put(reading, &positions[i],
				is_read ? buf.at + (positions[i].at - positions->at) : NULL);
		positions += here;
	}
	chat_buf_free(&buf);
	return whole;
}

/* The page of the chosen places. */
static void
page_make(struct reading *reading, int fd)
{
	struct journal_page_read *read = reading->read;
	bool was_complete = read->complete, whole;

	page_writer_begin(&reading->writer, reading->bytes);
	whole = lines_put(reading, fd);
	if (!whole) /* what is missing is behind it */
		read->complete = was_complete;
	if (whole && !reading->full)
		read->end = reading->last < read->upto ? reading->last : read->upto;
	else if (whole)
		read->end = reading->base + reading->positions[reading->count - 1].number;
	if (reading->put)
		read->page = page_writer_end(
			&reading->writer, read->complete ? PAGE_COMPLETE : PAGE_INCOMPLETE, true);
	else
		page_writer_abandon(&reading->writer);
}

/* The segment cannot be read, or has been removed: what it may have held is missing. */
static void
segment_give_up(struct reading *reading)
{
	struct journal_page_read *read = reading->read;

	read->complete = false;
	read->end = reading->last < read->upto ? reading->last : read->upto;
}

/* What the index says of the channel, if need be once that is made again. */
static int
choose_closed(struct reading *reading)
{
	int dir_fd = reading->disk->dir_fd;

	if (!reading->opened)
		reading->opened = cached_segment_open(&reading->disk->journal, dir_fd,
			reading->number, reading->lines_bytes, &reading->err);
	if (!reading->opened)
		return -1;
	if (choose_in_file(reading) == 0)
		return 0;
	if (cached_segment_rebuild_index(
		    &reading->disk->journal, reading->opened, dir_fd, &reading->err) < 0)
		return -1;
	reading->err = (struct chat_err){0};
	reading->count = 0;
	return choose_in_file(reading);
}

static void
read_closed(struct reading *reading)
{
	if (choose_closed(reading) < 0)
		segment_give_up(reading);
	else
		page_make(reading, reading->opened->fd);
}

static void
read_growing(struct reading *reading)
{
	int fd = segment_file_open(
		reading->disk->dir_fd, reading->number, SEGMENT_LINES, O_RDONLY, &reading->err);

	if (fd < 0) {
		segment_give_up(reading);
		return;
	}
	page_make(reading, fd);
	close(fd);
}

/* ---- beside the loop ---- */

/* On a thread of the pool: nothing of the journal is touched but its files. */
static void
reading_run(uv_work_t *work)
{
	struct reading *reading = work->data;

	if (reading->number && reading->closed)
		read_closed(reading);
	else if (reading->number)
		read_growing(reading);
	else
		reading->read->end = reading->read->upto;
}

/* The closed segments' index where one of this number is, or would be. */
static size_t
closed_find(const struct disk_journal *disk, uint64_t message)
{
	size_t low = 0, high = disk->closed_count;

	while (low < high) { /* the first whose last message is newer */
		size_t middle = low + (high - low) / 2;

		if (disk->closed[middle].last > message)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* What was opened stays open, unless the segment was removed. */
static void
reading_put_back(struct reading *reading)
{
	struct disk_journal *disk = reading->disk;
	size_t i = closed_find(disk, reading->last - 1);

	if (!reading->opened)
		return;
	if (i < disk->closed_count && disk->closed[i].number == reading->number)
		segment_cache_put(&disk->opened, reading->opened);
	else
		cached_segment_close(reading->opened);
}

static void
on_read(uv_work_t *work, int status)
{
	struct reading *reading = work->data;
	struct disk_journal *disk = reading->disk;
	struct journal_page_read *read = reading->read;

	if (status < 0)
		segment_give_up(reading);
	if (reading->err.code != CHAT_OK && reading->err.code != CHAT_CANNOT_OPEN &&
		disk->told_damage != reading->number) {
		disk->told_damage = reading->number;
		journal_warn(&disk->journal, "segment %u: %s; a listener's past is not complete",
			reading->number, reading->err.text);
	}
	reading_put_back(reading);
	free(reading->positions);
	free(reading);
	read->done(read);
}

static void
choose_closed_segment(struct reading *reading, const struct closed_segment *closed)
{
	reading->closed = true;
	reading->number = closed->number;
	reading->base = closed->base;
	reading->last = closed->last;
	reading->lines_bytes = closed->lines_bytes;
	reading->opened = segment_cache_take(&reading->disk->opened, closed->number);
}

/* The oldest segment that may have something for the reader. */
static void
reading_choose(struct reading *reading, const struct journal_hidden *hidden)
{
	struct disk_journal *disk = reading->disk;
	size_t i = closed_find(disk, reading->read->after);
	uint32_t newest;

	while (i < disk->closed_count && disk->closed[i].number < hidden->first)
		i++;
	if (i < disk->closed_count &&
		closed_message_count(disk, chat_span_of(reading->read->channel), &newest)) {
		if (disk->closed[i].number == hidden->first)
			reading->skip = hidden->skip;
		choose_closed_segment(reading, &disk->closed[i]);
		return;
	}
	if (hidden->first == UINT32_MAX)
		reading->skip = hidden->skip;
	if (!choose_in_list(reading, disk->finishing) && !choose_in_list(reading, disk->full))
		choose_growing(reading, disk->active);
}

void
page_read_start(struct journal *journal, struct journal_page_read *read)
{
	struct disk_journal *disk = (struct disk_journal *)journal;
	struct reading *reading = chat_alloc_zeroed(1, sizeof(*reading));
	struct journal_hidden hidden = journal_hidden(disk, chat_span_of(read->channel));

	reading->disk = disk;
	reading->read = read;
	read->page = NULL;
	read->read_bytes = 0;
	read->complete = read->complete && read->after >= hidden.newest;
	reading_choose(reading, &hidden);
	reading->work.data = reading;
	uv_queue_work(disk->loop, &reading->work, reading_run, on_read);
}
