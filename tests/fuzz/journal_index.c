/*
 * Opens an index file that somebody else has written. The first byte of the input says which one:
 * any bytes, or a good file in which bytes are changed; either one perhaps with right checksums, so
 * that the checks after them are reached. Positions that are read must ascend and lie in the
 * segment.
 */
#include "serve/journal/index_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "index.h"
#include "text/buf.h"

#define NAME "00000001.index"
#define LINE 200 /* bytes of a line of the good index, with its newline */
#define LINES_BYTES (100 + 3 * INDEX_BLOCK / 2 * LINE)
#define EDIT_LEN 4

static void
good_index(struct chat_buf *bytes, int dir_fd)
{
	struct journal_index index = {0};
	struct stat status;
	int fd;

	for (uint32_t i = 0; i < 3 * INDEX_BLOCK / 2; i++)
		index_add(&index,
			&(struct journal_line){.epoch = 5 + i / 400,
				.number = 1000 + i,
				.timestamp_ms = i,
				.channel = i % 3 ? CHAT_SPAN("/") : CHAT_SPAN("/ops")},
			(struct position){.at = 100 + i * LINE, .len = LINE - 1, .crc = i});
	need(index_file_write(&index, LINES_BYTES, dir_fd, NAME, NULL) == 0);
	need((uint64_t)index_format_size(&index) < 1 << 20);
	index_free(&index);
	fd = openat(dir_fd, NAME, O_RDONLY);
	need(fd >= 0 && fstat(fd, &status) == 0);
	need(read(fd, chat_buf_reserve(bytes, (size_t)status.st_size), (size_t)status.st_size) ==
		status.st_size);
	bytes->len = (size_t)status.st_size;
	close(fd);
}

/*
 * Changes bytes: change[0] and [1] say where, mostly near the beginning, [2] how, [3] into what.
 */
static void
edit(struct chat_buf *bytes, const uint8_t *change)
{
	size_t at = (size_t)(change[0] << 8 | change[1]) % (change[2] & 64 ? bytes->len : 400);

	if (at >= bytes->len)
		return;
	if (change[2] & 1)
		bytes->at[at] ^= (char)(1 << change[3] % 8);
	else if (change[2] & 2)
		bytes->at[at] = (char)change[3];
	else if (change[2] & 4)
		memset(bytes->at + at, change[3], bytes->len - at < 16 ? bytes->len - at : 16);
	else if (change[2] & 8)
		bytes->len = at ? at : 1;
}

static void
judge_channel(struct index_file *file, const struct index_channel *channel)
{
	struct position *positions = chat_alloc(channel->count * sizeof(*positions) + 1);
	uint64_t end = 0, number = 0;
	size_t len = strnlen(channel->name, sizeof(channel->name));

	need(len <= CHAT_CHANNEL_MAX &&
		index_file_find(file, (struct chat_span){channel->name, len}) == channel);
	if (index_file_read(file, channel->first, channel->count, positions, NULL) == 0)
		for (uint32_t i = 0; i < channel->count; i++) {
			need(positions[i].at >= end && positions[i].number > number);
			end = (uint64_t)positions[i].at + positions[i].len + 1;
			number = positions[i].number;
			need(end <= LINES_BYTES && file->head.base + number <= file->head.last);
		}
	free(positions);
}

static void
judge(int dir_fd)
{
	struct index_file file;
	struct chat_err err;

	if (index_file_open(&file, dir_fd, NAME, LINES_BYTES, &err) < 0) {
		need(err.code == CHAT_BAD_MESSAGE);
		return;
	}
	need(file.head.last <= MESSAGE_NUMBER_MAX && file.head.base <= file.head.last);
	for (uint32_t i = 0; i < file.head.channels; i++)
		judge_channel(&file, &file.channels[i]);
	need(!index_file_find(&file, CHAT_SPAN("/no/such")));
	index_file_is_whole(&file);
	index_file_close(&file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chat_buf good;
	static int dir_fd = -1;
	char dir[] = FUZZ_FOLDER;
	struct chat_buf bytes = {0};
	int fd;

	if (size == 0)
		return 0;
	if (dir_fd < 0) {
		fuzz_make_folder(dir);
		dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
		good_index(&good, dir_fd);
	}
	if (data[0] & 1) {
		chat_buf_append(&bytes, data + 1, size - 1);
	} else {
		chat_buf_append_span(&bytes, chat_buf_span(&good));
		for (size_t at = 1; at + EDIT_LEN <= size; at += EDIT_LEN)
			edit(&bytes, data + at);
	}
	if (data[0] & 2)
		index_fix_checksums(&bytes);
	fd = openat(dir_fd, NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	need(fd >= 0 && write(fd, bytes.at, bytes.len) == (ssize_t)bytes.len);
	close(fd);
	judge(dir_fd);
	chat_buf_free(&bytes);
	return 0;
}
