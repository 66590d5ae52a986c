/*
 * Writes and reads the file `removed`. The journal stays correct if the file is old: if a segment
 * is missing and not named in it, messages of any channel count as removed.
 */
#include "serve/journal/removed_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/journal/line.h"
#include "serve/journal/segment.h"
#include "serve/util/crc32c.h"
#include "text/err.h"
#include "text/line.h"
#include "wire/url.h"

static const char magic[8] = "chatrem1";

/* Limits of the entries in a file. Statistics of more channels would exceed STATS_BYTES_MAX. */
#define CHANNELS_MAX (STATS_BYTES_MAX / sizeof(struct channel_stats))
#define RANGES_MAX ((size_t)1 << 20)

static uint64_t
file_bytes(const struct removed_head *head)
{
	return sizeof(*head) + head->channels * (uint64_t)sizeof(struct removed_channel) +
		head->ranges * (uint64_t)sizeof(struct removed_range);
}

/* ---- writing ---- */

static void
file_format(struct chat_buf *buf, const struct channel_stats_table *stats_table, uint64_t unknown,
	const struct chat_buf *ranges)
{
	struct removed_head head = {.unknown = unknown, .others = stats_table->removed_upto};

	memcpy(head.magic, magic, sizeof(magic));
	chat_buf_append(buf, &head, sizeof(head));
	for (const struct channel_stats *stats = stats_table->oldest; stats; stats = stats->next) {
		struct removed_channel channel = {.number = stats->removed_upto};

		if (stats->removed_upto <= stats_table->removed_upto)
			continue;
		memcpy(channel.name, stats->channel, stats->len);
		chat_buf_append(buf, &channel, sizeof(channel));
		head.channels++;
	}
	if (ranges->len)
		chat_buf_append_span(buf, chat_buf_span(ranges));
	head.ranges = (uint32_t)(ranges->len / sizeof(struct removed_range));
	memcpy(buf->at, &head, sizeof(head));
	head.crc = crc32c(0, buf->at, buf->len);
	memcpy(buf->at, &head, sizeof(head));
}

int
removed_file_write(int dir_fd, const struct channel_stats_table *stats_table, uint64_t unknown,
	const struct chat_buf *ranges, struct chat_err *err)
{
	static const char temporary[] = REMOVED_NAME ".new";
	struct chat_buf buf = {0};
	int fd, result;

	if (ranges->len / sizeof(struct removed_range) > RANGES_MAX)
		return chat_fail(err, CHAT_IO_ERROR, "%s: too many segments", REMOVED_NAME);
	fd = journal_dir_create(dir_fd, temporary, err);
	if (fd < 0)
		return -1;
	file_format(&buf, stats_table, unknown, ranges);
	result = chat_write_all(fd, buf.at, buf.len, err);
	chat_buf_free(&buf);
	close(fd);
	if (result == 0 && renameat(dir_fd, temporary, dir_fd, REMOVED_NAME) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", REMOVED_NAME);
	if (result < 0)
		unlinkat(dir_fd, temporary, 0);
	return result;
}

void
removed_file_sync(int dir_fd)
{
	int fd = journal_dir_open_file(dir_fd, REMOVED_NAME, O_RDONLY, CHAT_CANNOT_OPEN, NULL);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* ---- reading ---- */

static bool
ranges_are_valid(const struct removed_file *file)
{
	for (uint32_t i = 0; i < file->head.ranges; i++) {
		const struct removed_range *range = &file->ranges[i];

		if (range->first == 0 || range->first > range->last ||
			range->last >= SEGMENT_NUMBER_MAX || (i && range[-1].last >= range->first))
			return false;
	}
	return true;
}

static bool
channel_is_valid(const struct removed_channel *channel)
{
	size_t len = strnlen(channel->name, sizeof(channel->name));

	for (size_t i = len; i < sizeof(channel->name); i++)
		if (channel->name[i])
			return false;
	return channel->number <= MESSAGE_NUMBER_MAX && len <= CHAT_CHANNEL_MAX &&
		chat_channel_valid((struct chat_span){channel->name, len});
}

static bool
channels_are_valid(struct removed_file *file)
{
	const struct removed_head *head = &file->head;

	file->newest = head->unknown > head->others ? head->unknown : head->others;
	for (uint32_t i = 0; i < head->channels; i++) {
		if (!channel_is_valid(&file->channels[i]))
			return false;
		if (file->newest < file->channels[i].number)
			file->newest = file->channels[i].number;
	}
	return file->newest <= MESSAGE_NUMBER_MAX;
}

/* Returns true if the head is valid and the file has the size that results from the counts. */
static bool
head_is_valid(const struct removed_head *head, int fd)
{
	struct stat status;

	return memcmp(head->magic, magic, sizeof(magic)) == 0 && head->channels <= CHANNELS_MAX &&
		head->ranges <= RANGES_MAX && head->unused == 0 && fstat(fd, &status) == 0 &&
		(uint64_t)status.st_size == file_bytes(head);
}

/* Reads the whole file. Returns true if it is valid. */
static bool
file_load(struct removed_file *file, int fd)
{
	struct removed_head *head = &file->head, unsummed;
	size_t len;

	if (journal_dir_read_file(fd, head, sizeof(*head), 0, REMOVED_NAME, NULL) < 0 ||
		!head_is_valid(head, fd))
		return false;
	len = (size_t)file_bytes(head);
	file->bytes = chat_alloc(len);
	if (journal_dir_read_file(fd, file->bytes, len, 0, REMOVED_NAME, NULL) < 0)
		return false;
	unsummed = *head;
	unsummed.crc = 0;
	memcpy(file->bytes, &unsummed, sizeof(unsummed));
	file->channels = (const void *)(file->bytes + sizeof(*head));
	file->ranges = (const void *)(file->channels + head->channels);
	return crc32c(0, file->bytes, len) == head->crc && ranges_are_valid(file) &&
		channels_are_valid(file);
}

int
removed_file_read(struct removed_file *file, int dir_fd, struct chat_err *err)
{
	int fd = journal_dir_open_file(dir_fd, REMOVED_NAME, O_RDONLY, CHAT_CANNOT_OPEN, err);
	bool loaded;

	*file = (struct removed_file){0};
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	loaded = file_load(file, fd);
	close(fd);
	if (loaded)
		return 1;
	removed_file_free(file);
	return chat_fail(err, CHAT_BAD_MESSAGE, "%s: is damaged", REMOVED_NAME);
}

void
removed_file_free(struct removed_file *file)
{
	free(file->bytes);
	*file = (struct removed_file){0};
}

bool
removed_file_names(const struct removed_file *file, uint32_t first, uint32_t last)
{
	for (uint32_t i = 0; i < file->head.ranges; i++)
		if (file->ranges[i].first <= first && last <= file->ranges[i].last)
			return true;
	return false;
}

uint32_t
removed_file_last_segment(const struct removed_file *file)
{
	return file->head.ranges ? file->ranges[file->head.ranges - 1].last : 0;
}

void
removed_file_apply(const struct removed_file *file, struct channel_stats_table *stats_table)
{
	stats_note_others(stats_table, file->head.others);
	for (uint32_t i = 0; i < file->head.channels; i++)
		stats_note_removed(stats_table, chat_span_of(file->channels[i].name),
			file->channels[i].number);
}
