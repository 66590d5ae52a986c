/*
 * Writes and reads index files. A wrong bit in an index could hide messages. So its content is used
 * only after its checksum was compared and its values were found valid.
 */
#include "serve/journal/index_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/util/crc32c.h"
#include "text/buf.h"
#include "text/err.h"
#include "text/line.h"

#define LINE_MIN 64 /* no message has fewer bytes */

/* ---- writing ---- */

int
index_file_write(const struct journal_index *index, uint64_t lines_bytes, int dir_fd,
	const char *name, struct chat_err *err)
{
	struct chat_buf buf = {0};
	char temporary[64];
	int fd, result;

	/* two workers may make the same file at the same time */
	snprintf(temporary, sizeof(temporary), "%s.%d.new", name, gettid());
	fd = journal_dir_create(dir_fd, temporary, err);
	if (fd < 0)
		return -1;
	index_format(index, lines_bytes, &buf);
	result = chat_write_all(fd, buf.at, buf.len, err);
	chat_buf_free(&buf);
	close(fd);
	if (result == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	if (result < 0)
		unlinkat(dir_fd, temporary, 0);
	return result;
}

/* ---- opening ---- */

static int
damaged(struct chat_err *err)
{
	return chat_fail(err, CHAT_BAD_MESSAGE, "is damaged");
}

/*
 * Returns true if the values in the head are possible: the file has the size that results from the
 * counts, and the segment is large enough for that number of messages.
 */
static bool
head_is_valid(const struct index_file *file)
{
	const struct index_head *head = &file->head;
	struct stat status;

	return head->lines_bytes <= SEGMENT_BYTES_MAX &&
		head->positions <= head->lines_bytes / LINE_MIN &&
		head->channels <= head->positions && head->epochs <= head->positions + 1 &&
		head->base <= head->last && head->last <= MESSAGE_NUMBER_MAX &&
		head->last - head->base <= UINT32_MAX && head->timestamp_ms >= 0 &&
		fstat(file->fd, &status) == 0 &&
		(uint64_t)status.st_size ==
		index_front_size(head->epochs, head->channels, head->positions) +
			(uint64_t)head->positions * sizeof(struct position);
}

static bool
epochs_are_valid(const struct index_file *file)
{
	for (uint32_t i = 0; i < file->head.epochs; i++) {
		const struct epoch *epoch = &file->epochs[i];

		if (epoch->epoch > MESSAGE_EPOCH_MAX || epoch->last > file->head.last ||
			(i && (epoch[-1].epoch >= epoch->epoch || epoch[-1].last > epoch->last)))
			return false;
	}
	return true;
}

static bool
name_is_valid(const struct index_channel *channel)
{
	size_t len = strnlen(channel->name, sizeof(channel->name));

	for (size_t i = len; i < sizeof(channel->name); i++)
		if (channel->name[i])
			return false;
	return len <= CHAT_CHANNEL_MAX &&
		chat_channel_valid((struct chat_span){channel->name, len});
}

/* Returns true if the names are valid and ascend, and each position belongs to one channel. */
static bool
channels_are_valid(const struct index_file *file)
{
	uint64_t positions = 0;

	for (uint32_t i = 0; i < file->head.channels; i++) {
		const struct index_channel *channel = &file->channels[i];

		if (!name_is_valid(channel) || channel->first != positions || channel->count == 0 ||
			(i && strcmp(channel[-1].name, channel->name) >= 0))
			return false;
		positions += channel->count;
	}
	return positions == file->head.positions;
}

/* Reads the front, and compares it with its checksum. The head must have been read. */
static int
index_file_load(struct index_file *file, const char *name, struct chat_err *err)
{
	struct index_head *head = &file->head, unsummed;
	size_t len = (size_t)index_front_size(head->epochs, head->channels, head->positions);

	file->front = chat_alloc(len);
	if (journal_dir_read_file(file->fd, file->front, len, 0, name, err) < 0)
		return -1;
	unsummed = *head;
	unsummed.crc = 0;
	memcpy(file->front, &unsummed, sizeof(unsummed));
	if (crc32c(0, file->front, len) != head->crc)
		return damaged(err);
	file->epochs = (const struct epoch *)(const void *)(file->front + sizeof(*head));
	file->channels = (const struct index_channel *)(const void *)(file->epochs + head->epochs);
	file->block_crcs = (const uint32_t *)(const void *)(file->channels + head->channels);
	return epochs_are_valid(file) && channels_are_valid(file) ? 0 : damaged(err);
}

/* Reads the head and the front, and checks that they belong to this segment. */
static int
index_file_check(
	struct index_file *file, const char *name, uint64_t lines_bytes, struct chat_err *err)
{
	struct index_head *head = &file->head;

	if (journal_dir_read_file(file->fd, head, sizeof(*head), 0, name, err) < 0)
		return damaged(err);
	if (memcmp(head->magic, INDEX_MAGIC_OLD, sizeof(head->magic)) == 0)
		return chat_fail(err, CHAT_BAD_MESSAGE, "is of an older form");
	if (memcmp(head->magic, INDEX_MAGIC, sizeof(head->magic)) != 0 || !head_is_valid(file) ||
		index_file_load(file, name, err) < 0)
		return damaged(err);
	if (head->lines_bytes != lines_bytes)
		return chat_fail(err, CHAT_BAD_MESSAGE, "is not that of its segment");
	return 0;
}

int
index_file_open(struct index_file *file, int dir_fd, const char *name, uint64_t lines_bytes,
	struct chat_err *err)
{
	*file = (struct index_file){.block_number = UINT32_MAX};
	file->fd = journal_dir_open_file(dir_fd, name, O_RDONLY, CHAT_CANNOT_OPEN, err);
	if (file->fd < 0)
		return -1;
	if (index_file_check(file, name, lines_bytes, err) == 0)
		return 0;
	index_file_close(file);
	return -1;
}

void
index_file_close(struct index_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->front);
	free(file->block);
	*file = (struct index_file){.fd = -1};
}

const struct index_channel *
index_file_find(const struct index_file *file, struct chat_span name)
{
	uint32_t low = 0, high = file->head.channels;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct index_channel *channel = &file->channels[middle];
		int order = strncmp(name.at, channel->name, name.len);

		if (order == 0 && channel->name[name.len] == '\0')
			return channel;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* ---- positions ---- */

/* Reads the block of this number into file->block, unless it is there already. */
static int
block_read(struct index_file *file, uint32_t number, struct chat_err *err)
{
	const struct index_head *head = &file->head;
	uint32_t first = number * INDEX_BLOCK, count = head->positions - first;
	uint64_t at = index_front_size(head->epochs, head->channels, head->positions);

	if (file->block_number == number)
		return 0;
	if (!file->block)
		file->block = chat_alloc(INDEX_BLOCK * sizeof(*file->block));
	file->block_number = UINT32_MAX;
	if (count > INDEX_BLOCK)
		count = INDEX_BLOCK;
	if (journal_dir_read_file(file->fd, file->block, count * sizeof(*file->block),
		    at + first * (uint64_t)sizeof(*file->block), "", NULL) < 0)
		return damaged(err);
	if (crc32c(0, file->block, count * sizeof(*file->block)) != file->block_crcs[number])
		return damaged(err);
	file->block_number = number;
	return 0;
}

/* Returns true if a position is in the segment and after `before`, which may be NULL. */
static bool
position_is_valid(const struct index_head *head, const struct position *before,
	const struct position *position)
{
	uint64_t from = before ? (uint64_t)before->at + before->len + 1 : 0;
	uint32_t number = before ? before->number : 0;

	return position->at >= from && position->number > number &&
		position->number <= head->last - head->base &&
		(uint64_t)position->at + position->len + 1 <= head->lines_bytes;
}

int
index_file_read(struct index_file *file, uint32_t first, uint32_t count, struct position *positions,
	struct chat_err *err)
{
	if ((uint64_t)first + count > file->head.positions)
		return damaged(err);
	for (uint32_t i = 0; i < count;) {
		uint32_t at = (first + i) % INDEX_BLOCK, here = INDEX_BLOCK - at;

		if (block_read(file, (first + i) / INDEX_BLOCK, err) < 0)
			return -1;
		if (here > count - i)
			here = count - i;
		memcpy(positions + i, file->block + at, here * sizeof(*positions));
		i += here;
	}
	for (uint32_t i = 0; i < count; i++)
		if (!position_is_valid(&file->head, i ? &positions[i - 1] : NULL, &positions[i]))
			return damaged(err);
	return 0;
}

bool
index_file_is_whole(struct index_file *file)
{
	struct position *positions =
		chat_alloc((file->head.positions + (size_t)1) * sizeof(*positions));
	bool whole = true;

	for (uint32_t i = 0; i < file->head.channels && whole; i++)
		whole = index_file_read(file, file->channels[i].first, file->channels[i].count,
				positions, NULL) == 0;
	free(positions);
	return whole;
}

bool
index_file_matches(struct index_file *file, const struct journal_index *index)
{
	struct chat_buf buf = {0};
	bool same;

	index_format(index, file->head.lines_bytes, &buf);
	same = memcmp(buf.at, &file->head, sizeof(file->head)) ==
		0; /* the head has the checksum of the front, which has those of the blocks */
	chat_buf_free(&buf);
	return same && index_file_is_whole(file);
}
