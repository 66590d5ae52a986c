/*
 * Scans a segment that is not as it was written. The first byte of the input says which one: a good
 * segment in which bytes are changed, inserted and removed, and then every line that the scan calls
 * good must be one that was written; or two files of any bytes, and then it must be a message.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chat/msg.h"
#include "fuzz.h"
#include "serve/journal/checksums.h"
#include "serve/journal/line.h"
#include "serve/journal/scan.h"
#include "serve/journal/segment.h"
#include "serve/util/crc32c.h"

#define EPOCH 0x0123456789abULL
#define LINES 5
#define EDIT_LEN 4 /* bytes of input for one change */

struct segment_text {
	struct chat_buf lines, sums;
	size_t ends[LINES + 1]; /* of the header and the lines */
};

struct judge {
	const struct segment_text *written; /* NULL: the files are any bytes */
	uint64_t good;
};

static void
write_line(struct segment_text *text, size_t i)
{
	size_t from = text->lines.len;
	char sum[CHECKSUM_LEN];

	if (i == 0)
		segment_header_write(&text->lines, 1, EPOCH);
	else
		chat_buf_printf(&text->lines,
			"{\"type\":\"message\",\"id\":\"%012llx-%010zx\",\"sender\":\"ali\\\"ce\","
			"\"content\":\"number %zu\",\"timestamp\":%zu,\"channel\":\"/ops\","
			"\"senderId\":\"a\"}\n",
			EPOCH, i, i, 1700000000000 + i);
	checksum_write(
		sum, crc32c(0, text->lines.at + from, text->lines.len - from), text->lines.len);
	chat_buf_append(&text->sums, sum, sizeof(sum));
	text->ends[i] = text->lines.len;
}

static void
on_line(void *arg, struct chat_span line, enum scan_verdict verdict)
{
	struct judge *judge = arg;
	const struct segment_text *written = judge->written;
	struct journal_line parts;
	struct chat_msg msg;
	bool known = false;

	if (verdict != SCAN_GOOD)
		return;
	if (judge->good++ == 0 && !journal_line_read(&parts, line))
		return; /* the header */
	need(chat_msg_read(&msg, line, CHAT_FROM_SERVER, NULL) == 0);
	if (!written)
		return;
	for (size_t i = 1; i <= LINES; i++)
		known = known ||
			chat_span_equal(line,
				(struct chat_span){written->lines.at + written->ends[i - 1],
					written->ends[i] - written->ends[i - 1] - 1});
	need(known);
}

static void
store(int dir_fd, enum segment_file file, struct chat_span bytes)
{
	char name[SEGMENT_NAME_MAX];
	int fd = openat(dir_fd, segment_name(name, 1, file), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	need(fd >= 0 && write(fd, bytes.at, bytes.len) == (ssize_t)bytes.len);
	close(fd);
}

/* Changes a byte: change[0] and [1] say where, [2] how, [3] into what. */
static void
edit(struct chat_buf *lines, const uint8_t *change)
{
	size_t at = lines->len ? (size_t)(change[0] << 8 | change[1]) % lines->len : 0;
	char byte = (char)change[3];

	if (!lines->len)
		return;
	switch (change[2] % 4) {
	case 0:
		lines->at[at] = byte;
		break;
	case 1:
		lines->at[at] ^= (char)(1 << change[3] % 8);
		break;
	case 2:
		chat_buf_append(lines, "", 1);
		memmove(lines->at + at + 1, lines->at + at, lines->len - at - 1);
		lines->at[at] = byte;
		break;
	default:
		lines->len = change[3] % 2 ? at : lines->len - 1;
		if (change[3] % 2 == 0)
			memmove(lines->at + at, lines->at + at + 1, lines->len - at);
	}
}

static void
scan(int dir_fd, const struct segment_text *written)
{
	struct judge judge = {.written = written};
	struct scan result = {0};
	struct chat_err err;

	if (segment_scan(&result, dir_fd, 1, on_line, &judge, &err) == 0)
		need(result.good_bytes <= result.file_bytes);
	scan_free(&result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char dir[] = FUZZ_FOLDER;
	static int dir_fd = -1;
	struct segment_text text = {0};
	struct chat_buf written = {0};

	if (size == 0)
		return 0;
	if (dir_fd < 0) {
		fuzz_make_folder(dir);
		dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
	}
	if (data[0] % 2) {
		size_t half = data[0] * size / 256;

		half = half ? half : 1;
		store(dir_fd, SEGMENT_LINES,
			(struct chat_span){(const char *)data + half, size - half});
		store(dir_fd, SEGMENT_SUMS, (struct chat_span){(const char *)data + 1, half - 1});
		scan(dir_fd, NULL);
		return 0;
	}
	for (size_t i = 0; i <= LINES; i++)
		write_line(&text, i);
	chat_buf_append_span(&written, chat_buf_span(&text.lines));
	for (size_t at = 1; at + EDIT_LEN <= size; at += EDIT_LEN)
		edit(&written, data + at);
	store(dir_fd, SEGMENT_LINES, chat_buf_span(&written));
	store(dir_fd, SEGMENT_SUMS, chat_buf_span(&text.sums));
	scan(dir_fd, &text);
	chat_buf_free(&written);
	chat_buf_free(&text.lines);
	chat_buf_free(&text.sums);
	return 0;
}
