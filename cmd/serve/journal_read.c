/*
 * What was said before the memory of the server begins: read by a worker of libuv's pool, so that
 * the loop goes on. The index says where the lines are, so a reading costs what it brings.
 */
#include "serve/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve/block.h"
#include "serve/crc32c.h"
#include "serve/journal_scan.h"

#define PIECE_BYTES ((size_t)1 << 20) /* read at once */
#define GAP_BYTES 16384 /* read over rather than left out */

/* ---- lines ---- */

/* How many of the places lie so near to each other that they are one piece; its bytes in *len. */
static size_t
piece_of(const struct place *places, size_t count, size_t *len)
{
	uint64_t start = places->at, end = start + places->len + 1;
	size_t i;

	for (i = 1; i < count; i++) {
		uint64_t next = (uint64_t)places[i].at + places[i].len + 1;

		if (places[i].at > end + GAP_BYTES || next - start > PIECE_BYTES)
			break;
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
journal_lines_read(int fd, const struct place *places, size_t count, lines_each *each, void *arg,
	const struct place **bad, struct chat_err *err)
{
	struct chat_buf buf = {0};
	int result = 0;
	size_t len;

	*bad = NULL;
	while (count && result == 0) {
		size_t here = piece_of(places, count, &len);

		if (read_piece(fd, &buf, len, places->at) < 0)
			result = chat_fail(err, CHAT_IO_ERROR, "a segment: read: %m");
		for (size_t i = 0; i < here && result == 0; i++) {
			const char *at = buf.at + (places[i].at - places->at);

			if (crc32c(0, at, places[i].len + 1) != places[i].crc) {
				*bad = &places[i];
				result = chat_fail(
					err, CHAT_BAD_MESSAGE, "a line is not what was written");
			} else {
				result = each(
					arg, &places[i], (struct chat_span){at, places[i].len});
			}
		}
		places += here;
		count -= here;
	}
	chat_buf_free(&buf);
	return result;
}

/* ---- a reading ---- */

/* Lines of one segment, ascending. */
struct stretch {
	uint32_t number; /* of the segment */
	uint64_t base;
	struct place *places; /* NULL: its index file has them */
	size_t count;
};

struct reading {
	uv_work_t work;
	struct journal_read *read;
	const struct journal *journal;
	int dir_fd;
	struct stretch *stretches; /* newest first */
	size_t count;
	uint32_t messages; /* chosen so far */
	size_t bytes;
	bool limited; /* there were more than may be read */
	bool failed;
	struct chat_err err;
};

/* Of these places of the channel those that are asked for and fit, newest first. */
static void
choose(struct reading *reading, struct stretch *stretch, const struct place *places, size_t count)
{
	const struct journal_read *read = reading->read;
	size_t end = count, first;

	while (end && stretch->base + places[end - 1].number > read->upto)
		end--;
	for (first = end; first && stretch->base + places[first - 1].number > read->after;
		first--) {
		size_t len = places[first - 1].len + 1;

		if (reading->messages == read->max_messages ||
			reading->bytes + len > read->max_bytes) {
			reading->limited = true;
			break;
		}
		reading->messages++;
		reading->bytes += len;
	}
	stretch->count = end - first;
	stretch->places = chat_alloc((stretch->count + 1) * sizeof(*places));
	memcpy(stretch->places, places + first, stretch->count * sizeof(*places));
}

static void
choose_in_memory(struct reading *reading, const struct segment *segment)
{
	const struct channel_places *channel =
		index_find(&segment->index, chat_span_of(reading->read->channel));
	struct stretch *stretch = &reading->stretches[reading->count];

	if (!channel || reading->limited || segment->index.last <= reading->read->after)
		return;
	*stretch = (struct stretch){.number = segment->number, .base = segment->index.base};
	choose(reading, stretch, channel->at, channel->count);
	reading->count++;
}

static int
choose_of_index(struct reading *reading, struct stretch *stretch, struct index_file *index)
{
	const struct index_channel *channel =
		index_file_find(index, chat_span_of(reading->read->channel));
	struct place *places;
	int result;

	if (!channel)
		return 0;
	places = chat_alloc(channel->count * sizeof(*places));
	result = index_file_read(index, channel->first, channel->count, places, &reading->err);
	if (result == 0)
		choose(reading, stretch, places, channel->count);
	free(places);
	return result;
}

/* The index file of a closed segment has the places. */
static int
choose_in_file(struct reading *reading, struct stretch *stretch)
{
	struct index_file index;
	int result;

	if (segment_index_open(
		    reading->journal, &index, reading->dir_fd, stretch->number, &reading->err) < 0)
		return -1;
	result = choose_of_index(reading, stretch, &index);
	if (result < 0) {
		index_file_close(&index);
		segment_index_doubt(reading->journal, stretch->number, &reading->err);
		if (segment_index_remake(&index, reading->dir_fd, stretch->number, &reading->err) <
			0)
			return -1;
		result = choose_of_index(reading, stretch, &index);
	}
	index_file_close(&index);
	return result;
}

static int
take_line(void *arg, const struct place *place, struct chat_span text)
{
	struct reading *reading = arg;
	struct journal_line line;
	struct entry entry;

	(void)place;
	if (!journal_line_read(&line, text) ||
		!chat_span_equal(line.channel, chat_span_of(reading->read->channel)))
		return chat_fail(&reading->err, CHAT_BAD_MESSAGE, "an index is damaged");
	entry = (struct entry){
		.block = block_of_frame(CHAT_WS_TEXT, text),
		.data_at = line.data_at,
		.data_len = line.data_len,
		.number = line.number,
	};
	history_add(&reading->read->found, &entry);
	block_unref(entry.block);
	return 0;
}

static int
take_stretch(struct reading *reading, const struct stretch *stretch)
{
	char name[SEGMENT_NAME_MAX];
	const struct place *bad;
	int fd, result;

	if (!stretch->count)
		return 0;
	fd = segment_file_open(
		reading->dir_fd, stretch->number, SEGMENT_LINES, O_RDONLY, &reading->err);
	if (fd < 0)
		return -1;
	result = journal_lines_read(
		fd, stretch->places, stretch->count, take_line, reading, &bad, &reading->err);
	close(fd);
	if (result < 0)
		chat_fail(&reading->err, reading->err.code, "%s: %s",
			segment_name(name, stretch->number, SEGMENT_LINES), reading->err.text);
	return result;
}

/* On a thread of the pool: nothing of the journal is touched but its files. */
static void
reading_run(uv_work_t *work)
{
	struct reading *reading = work->data;
	size_t chosen = 0;

	for (; chosen < reading->count; chosen++) {
		if (reading->stretches[chosen].places)
			continue; /* from memory */
		if (reading->limited || reading->failed)
			break;
		reading->failed = choose_in_file(reading, &reading->stretches[chosen]) < 0;
	}
	while (chosen--)
		if (take_stretch(reading, &reading->stretches[chosen]) < 0) {
			reading->failed = true; /* what is before it, and it, is left out */
			history_free(&reading->read->found);
		}
}

static void
on_read(uv_work_t *work, int status)
{
	struct reading *reading = work->data;
	struct journal_read *read = reading->read;

	if (reading->failed && reading->err.code != CHAT_CANNOT_OPEN) /* else retention took it */
		journal_warn(reading->journal, "%s; a listener's past is not complete",
			reading->err.text);
	if (reading->limited || reading->failed || status < 0)
		read->complete = false;
	for (size_t i = 0; i < reading->count; i++)
		free(reading->stretches[i].places);
	free(reading->stretches);
	free(reading);
	read->done(read);
}

static size_t
segments_count(const struct segment *segment)
{
	size_t count = 0;

	for (; segment; segment = segment->next)
		count++;
	return count;
}

/* A list of growing or full segments, newest first. */
static void
choose_in_list(struct reading *reading, const struct segment *segment)
{
	if (!segment)
		return;
	choose_in_list(reading, segment->next);
	choose_in_memory(reading, segment);
}

void
journal_file_read(struct journal *journal, struct journal_read *read)
{
	struct journal_file *file = (struct journal_file *)journal;
	struct reading *reading = chat_alloc_zeroed(1, sizeof(*reading));
	size_t open = 1 + segments_count(file->full) + segments_count(file->finishing);

	read->complete = read->after >= file->removed;
	reading->read = read;
	reading->journal = journal;
	reading->dir_fd = file->dir_fd;
	reading->stretches =
		chat_alloc_zeroed(open + file->closed_count, sizeof(*reading->stretches));
	choose_in_memory(reading, file->active);
	choose_in_list(reading, file->full);
	choose_in_list(reading, file->finishing);
	for (size_t i = file->closed_count; i--;) {
		const struct closed_segment *closed = &file->closed[i];

		if (closed->last <= read->after)
			break;
		if (closed->base < read->upto)
			reading->stretches[reading->count++] =
				(struct stretch){.number = closed->number, .base = closed->base};
	}
	reading->work.data = reading;
	uv_queue_work(file->loop, &reading->work, reading_run, on_read);
}
