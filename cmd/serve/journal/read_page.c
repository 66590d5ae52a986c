/*
 * Reads a page of a channel's history that is not in memory. The loop chooses the segment; a worker
 * of libuv's pool reads its index and lines, so that the loop does not wait.
 */
#include "serve/journal/read_page.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve/journal/max_messages.h"
#include "serve/journal/page_positions.h"
#include "serve/journal/read_lines.h"
#include "serve/util/crc32c.h"
#include "text/err.h"

/* ---- the lines of a page ---- */

/*
 * Parses the line at a position. Returns true if it is the message for which the index has this
 * position.
 */
static bool
line_is_good(const struct page_reading *reading, const struct position *position, const char *at,
	struct journal_line *line)
{
	return crc32c(0, at, position->len + 1) == position->crc &&
		journal_line_read(line, (struct chat_span){at, position->len}) &&
		line->number == reading->segment.base + position->number &&
		chat_span_equal(line->channel, chat_span_of(reading->read->channel));
}

/*
 * Adds a line to the page. at: its bytes, or NULL if they could not be read. Skips a damaged line
 * if the page is still empty. Otherwise ends the page before that line and returns false, because a
 * page can only say that messages are missing before its first line.
 */
static bool
line_put(struct page_reading *reading, const struct position *position, const char *at)
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

/* Adds all chosen lines. Returns false if the page ends before the last of them. */
static bool
lines_put(struct page_reading *reading, int fd)
{
	const struct position *positions = reading->positions;
	struct chat_buf buf = {0};
	bool whole = true;
	size_t here, len;

	for (uint32_t left = reading->count; left && whole; left -= (uint32_t)here) {
		bool is_read;

		here = lines_piece(positions, left, &len);
		is_read = lines_read_piece(fd, &buf, len, positions->at) == 0;
		reading->read->read_bytes += len;
		for (size_t i = 0; i < here && whole; i++)
			whole = line_put(reading, &positions[i],
				is_read ? buf.at + (positions[i].at - positions->at) : NULL);
		positions += here;
	}
	chat_buf_free(&buf);
	return whole;
}

/* Returns the `end` of a page with all the messages of the segment that the reader asks for. */
static uint64_t
segment_end(const struct page_reading *reading)
{
	uint64_t last = reading->segment.last, upto = reading->read->upto;

	return last < upto ? last : upto;
}

/* Makes a page of the chosen positions. fd: the segment's file of lines. */
static void
page_make(struct page_reading *reading, int fd)
{
	struct journal_page_read *read = reading->read;
	bool was_complete = read->complete, whole;

	page_writer_begin(&reading->writer, reading->bytes);
	whole = lines_put(reading, fd);
	if (!whole) /* the missing line is after this page */
		read->complete = was_complete;
	if (whole && !reading->full)
		read->end = segment_end(reading);
	else if (whole)
		read->end = reading->segment.base + reading->positions[reading->count - 1].number;
	if (reading->put)
		read->page = page_writer_end(
			&reading->writer, read->complete ? PAGE_COMPLETE : PAGE_INCOMPLETE, true);
	else
		page_writer_abandon(&reading->writer);
}

/* ---- on the worker thread ---- */

/*
 * Sets the result: messages are missing up to the end of the segment, which was removed or cannot
 * be read.
 */
static void
segment_give_up(struct page_reading *reading)
{
	reading->read->complete = false;
	reading->read->end = segment_end(reading);
}

/* Chooses the positions in a closed segment; makes its index again if that is damaged. */
static int
choose_in_closed(struct page_reading *reading)
{
	const struct journal *journal = &reading->disk->journal;
	int dir_fd = reading->disk->dir_fd;

	if (!reading->segment.cached)
		reading->segment.cached = cached_segment_open(journal, dir_fd,
			reading->segment.number, reading->segment.lines_bytes, &reading->err);
	if (!reading->segment.cached)
		return -1;
	if (page_choose_in_file(reading) == 0)
		return 0;
	if (cached_segment_rebuild_index(journal, reading->segment.cached, dir_fd, &reading->err) <
		0)
		return -1;
	reading->err = (struct chat_err){0};
	reading->count = 0;
	return page_choose_in_file(reading);
}

/* A segment whose index cannot be used must not stay in the cache: it seems to have no message. */
static void
cached_drop(struct page_reading *reading)
{
	if (reading->segment.cached)
		cached_segment_close(reading->segment.cached);
	reading->segment.cached = NULL;
}

static void
read_closed(struct page_reading *reading)
{
	if (choose_in_closed(reading) == 0) {
		page_make(reading, reading->segment.cached->fd);
		return;
	}
	cached_drop(reading);
	segment_give_up(reading);
}

static void
read_open(struct page_reading *reading)
{
	int fd = segment_file_open(reading->disk->dir_fd, reading->segment.number, SEGMENT_LINES,
		O_RDONLY, &reading->err);

	if (fd < 0) {
		segment_give_up(reading);
		return;
	}
	page_make(reading, fd);
	close(fd);
}

/* Runs on the worker thread: of the journal it uses only files and constants. */
static void
reading_run(uv_work_t *work)
{
	struct page_reading *reading = work->data;

	if (reading->segment.number && reading->segment.closed)
		read_closed(reading);
	else if (reading->segment.number)
		read_open(reading);
	else
		reading->read->end = reading->read->upto;
}

/* ---- on the loop ---- */

/*
 * Keeps the closed segment open for the next page, or closes it if it was removed during the
 * reading.
 */
static void
segment_put_back(struct page_reading *reading)
{
	struct disk_journal *disk = reading->disk;
	struct cached_segment *cached = reading->segment.cached;

	if (!cached)
		return;
	if (closed_segments_find(&disk->closed, reading->segment.number))
		segment_cache_put(&disk->cache, cached);
	else
		cached_segment_close(cached);
}

/* Calls read->done, which the session has set. */
static void
on_read(uv_work_t *work, int status)
{
	struct page_reading *reading = work->data;
	struct disk_journal *disk = reading->disk;
	struct journal_page_read *read = reading->read;
	uint32_t number = reading->segment.number;

	if (status < 0)
		segment_give_up(reading);
	if (reading->err.code != CHAT_OK && reading->err.code != CHAT_CANNOT_OPEN &&
		disk->damage_reported != number) {
		disk->damage_reported = number;
		journal_warn(&disk->journal, "segment %u: %s; a listener's past is not complete",
			number, reading->err.text);
	}
	segment_put_back(reading);
	free(reading->positions);
	free(reading);
	read->done(read);
}

static void
choose_closed(struct page_reading *reading, const struct closed_segment *closed)
{
	reading->segment.closed = true;
	reading->segment.number = closed->number;
	reading->segment.base = closed->base;
	reading->segment.last = closed->last;
	reading->segment.lines_bytes = closed->lines_bytes;
	reading->segment.cached = segment_cache_take(&reading->disk->cache, closed->number);
}

/* Chooses the oldest segment that can have messages for the reader. */
static void
choose_segment(struct page_reading *reading, const struct visible_range *range)
{
	struct disk_journal *disk = reading->disk;
	const struct closed_segments *closed = &disk->closed;
	size_t i = closed_segments_after(closed, reading->read->after);
	uint32_t newest;

	while (i < closed->count && closed->at[i].number < range->first_segment)
		i++;
	if (i < closed->count &&
		closed_message_count(disk, chat_span_of(reading->read->channel), &newest)) {
		if (closed->at[i].number == range->first_segment)
			reading->skip = range->skip;
		choose_closed(reading, &closed->at[i]);
		return;
	}
	if (range->first_segment == UINT32_MAX)
		reading->skip = range->skip;
	if (!page_choose_in_list(reading, disk->segments.finishing) &&
		!page_choose_in_list(reading, disk->segments.full))
		page_choose_in_segment(reading, disk->segments.active);
}

void
read_page_start(struct journal *journal, struct journal_page_read *read)
{
	struct disk_journal *disk = (struct disk_journal *)journal;
	struct page_reading *reading = chat_alloc_zeroed(1, sizeof(*reading));
	struct visible_range range = visible_range(disk, chat_span_of(read->channel));

	reading->disk = disk;
	reading->read = read;
	read->page = NULL;
	read->read_bytes = 0;
	read->complete = read->complete && read->after >= range.hidden_upto;
	choose_segment(reading, &range);
	reading->work.data = reading;
	uv_queue_work(disk->loop, &reading->work, reading_run, on_read);
}
