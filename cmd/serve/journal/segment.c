/*
 * A segment that grows. All messages are written here: first the lines and, when these are synced,
 * their checksums (JOURNAL_SYNC_NEVER: at once). A crash between the two leaves lines without a
 * checksum; recovery accepts those that are valid messages, up to the first that is not.
 */
#include "serve/journal/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/journal/checksums.h"
#include "serve/journal/dir.h"
#include "serve/journal/index_file.h"
#include "serve/util/crc32c.h"
#include "text/err.h"

/* ---- the first line ---- */

#define HEADER_START "{\"type\":\"history\",\"messages\":[],\"journal\":{\"version\":"
#define HEADER_VERSION HEADER_START "1,"

void
segment_header_write(struct chat_buf *buf, uint32_t number, uint64_t epoch)
{
	chat_buf_printf(buf, HEADER_VERSION "\"epoch\":\"%012llx\",\"segment\":%u}}\n",
		(unsigned long long)epoch, number);
}

int
segment_header_read(struct chat_span line, uint64_t *epoch, struct chat_err *err)
{
	char text[160];
	struct chat_buf written = {0};
	unsigned long long value;
	unsigned number;
	bool same;

	if (line.len < sizeof(HEADER_START) || line.len >= sizeof(text) ||
		memcmp(line.at, HEADER_START, sizeof(HEADER_START) - 1) != 0)
		return chat_fail(err, CHAT_BAD_MESSAGE, "no header of a journal");
	if (memcmp(line.at, HEADER_VERSION, sizeof(HEADER_VERSION) - 1) != 0)
		return chat_fail(err, CHAT_BAD_MESSAGE, "a journal of another version");
	memcpy(text, line.at, line.len);
	text[line.len] = '\0';
	if (sscanf(text + sizeof(HEADER_VERSION) - 1, "\"epoch\":\"%12llx\",\"segment\":%u", &value,
		    &number) != 2)
		return chat_fail(err, CHAT_BAD_MESSAGE, "no header of a journal");
	segment_header_write(&written, number, value);
	same = written.len == line.len + 1 && memcmp(written.at, line.at, line.len) == 0;
	chat_buf_free(&written);
	if (!same)
		return chat_fail(err, CHAT_BAD_MESSAGE, "no header of a journal");
	*epoch = value;
	return 0;
}

/* Fails with the name of the file, the failed action and errno. */
static int
segment_fail(const struct segment *segment, enum segment_file file, const char *what,
	struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return chat_fail(
		err, CHAT_IO_ERROR, "%s: %s: %m", segment_name(name, segment->number, file), what);
}

/* ---- opening ---- */

/*
 * Opens both files. The checksums get their name first: if only one name survives a loss of power,
 * there must not be lines without it, which recovery would take for those of a segment whose
 * checksums were removed.
 */
static struct segment *
segment_new(int dir_fd, uint32_t number, int flags, struct chat_err *err)
{
	struct segment *segment = chat_alloc_zeroed(1, sizeof(*segment));

	segment->number = number;
	segment->lines_fd = -1;
	segment->sums_fd = segment_file_open_append(dir_fd, number, SEGMENT_SUMS, flags, err);
	if (segment->sums_fd >= 0)
		segment->lines_fd =
			segment_file_open_append(dir_fd, number, SEGMENT_LINES, flags, err);
	if (segment->lines_fd >= 0)
		return segment;
	segment_free(segment);
	return NULL;
}

/* Empties files that an earlier attempt has left. */
static int
segment_clear(struct segment *segment, struct chat_err *err)
{
	struct stat lines, sums;

	if (fstat(segment->lines_fd, &lines) < 0 || fstat(segment->sums_fd, &sums) < 0)
		return segment_fail(segment, SEGMENT_LINES, "look", err);
	return lines.st_size || sums.st_size ? segment_truncate(segment, err) : 0;
}

/* Empties the files and writes the header. */
static int
segment_begin(struct segment *segment, uint64_t epoch, bool delay, struct chat_err *err)
{
	struct chat_buf header = {0};
	char sum[CHECKSUM_LEN];
	int result;

	if (segment_clear(segment, err) < 0)
		return -1;
	segment_header_write(&header, segment->number, epoch);
	checksum_write(sum, crc32c(0, header.at, header.len), header.len);
	result = segment_write(
		segment, chat_buf_span(&header), (struct chat_span){sum, sizeof(sum)}, delay, err);
	chat_buf_free(&header);
	return result;
}

struct segment *
segment_create(int dir_fd, uint32_t number, uint64_t epoch, bool delay, struct chat_err *err)
{
	struct segment *segment;
	char name[SEGMENT_NAME_MAX];

	if (number > SEGMENT_NUMBER_MAX) {
		chat_fail(err, CHAT_CANNOT_CREATE, "the numbers of segments are used up");
		return NULL;
	}
	segment = segment_new(dir_fd, number, O_CREAT, err);
	if (!segment)
		return NULL;
	/* there may be an index of an earlier segment with this number */
	unlinkat(dir_fd, segment_name(name, number, SEGMENT_INDEX), 0);
	if (segment_begin(segment, epoch, delay, err) == 0)
		return segment;
	segment_free(segment);
	segment_remove(dir_fd, number, NULL);
	return NULL;
}

struct segment *
segment_reopen(int dir_fd, uint32_t number, uint64_t lines_bytes, uint64_t sums_bytes,
	struct journal_index *index, struct chat_err *err)
{
	struct segment *segment = segment_new(dir_fd, number, 0, err);

	if (!segment)
		return NULL;
	segment->lines_bytes = lines_bytes;
	segment->sums_bytes = sums_bytes;
	segment->index = *index;
	*index = (struct journal_index){0};
	return segment;
}

uint64_t
segment_bytes(const struct segment *segment)
{
	return segment->lines_bytes + segment->sums_bytes + segment->sums.len +
		index_format_size(&segment->index);
}

void
segment_free(struct segment *segment)
{
	if (!segment)
		return;
	if (segment->lines_fd >= 0)
		close(segment->lines_fd);
	if (segment->sums_fd >= 0)
		close(segment->sums_fd);
	chat_buf_free(&segment->sums);
	index_free(&segment->index);
	free(segment);
}

/* ---- writing ---- */

int
segment_write(struct segment *segment, struct chat_span lines, struct chat_span sums, bool delay,
	struct chat_err *err)
{
	if (segment_file_write(segment->lines_fd, lines) < 0)
		return segment_fail(segment, SEGMENT_LINES, "write", err);
	if (!delay && segment_file_write(segment->sums_fd, sums) < 0)
		return segment_fail(segment, SEGMENT_SUMS, "write", err);
	segment->lines_bytes += lines.len;
	if (delay)
		chat_buf_append_span(&segment->sums, sums);
	else
		segment->sums_bytes += sums.len;
	return 0;
}

int
segment_write_sums(struct segment *segment, struct chat_span sums, struct chat_err *err)
{
	struct stat before;
	int error;

	if (segment->sums_end)
		return 0;
	if (fstat(segment->sums_fd, &before) < 0) {
		segment->sums_end = true;
		return segment_fail(segment, SEGMENT_SUMS, "look", err);
	}
	if (segment_file_write(segment->sums_fd, sums) == 0)
		return 0;
	error = errno;
	segment->sums_end = true;
	if (ftruncate(segment->sums_fd, before.st_size) < 0)
		error = errno; /* then the file has a part of a checksum, which recovery ignores */
	errno = error;
	return segment_fail(segment, SEGMENT_SUMS, "write", err);
}

/* Truncates a longer file. Leaves a shorter one: ftruncate(2) would fill it with zeros. */
static int
truncate_longer(int fd, uint64_t bytes)
{
	struct stat status;
	int result;

	if (fstat(fd, &status) < 0 || (uint64_t)status.st_size <= bytes)
		return fstat(fd, &status);
	do
		result = ftruncate(fd, (off_t)bytes);
	while (result < 0 && errno == EINTR);
	return result;
}

int
segment_truncate(struct segment *segment, struct chat_err *err)
{
	/* The checksums first: if the lines then stay, recovery accepts only valid messages. */
	if (truncate_longer(segment->sums_fd, segment->sums_bytes) < 0)
		return segment_fail(segment, SEGMENT_SUMS, "truncate", err);
	if (truncate_longer(segment->lines_fd, segment->lines_bytes) < 0)
		return segment_fail(segment, SEGMENT_LINES, "truncate", err);
	return 0;
}

int
segment_sync_lines(struct segment *segment, struct chat_err *err)
{
	if (fdatasync(segment->lines_fd) < 0)
		return segment_fail(segment, SEGMENT_LINES, "sync", err);
	return 0;
}

int
segment_sync_sums(struct segment *segment, struct chat_err *err)
{
	if (fdatasync(segment->sums_fd) < 0)
		return segment_fail(segment, SEGMENT_SUMS, "sync", err);
	return 0;
}

bool
segment_size_matches(const struct segment *segment)
{
	struct stat status;

	return fstat(segment->lines_fd, &status) == 0 &&
		(uint64_t)status.st_size == segment->lines_bytes;
}

int
segment_is_in_place(const struct segment *segment, int dir_fd, bool changed, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(name, segment->number, SEGMENT_LINES);
	if (journal_dir_file_is_in_place(dir_fd, name, segment->lines_fd, err) < 0)
		return -1;
	if (changed)
		return chat_fail(err, CHAT_IO_ERROR, "%s: somebody else has changed it", name);
	segment_name(name, segment->number, SEGMENT_SUMS);
	return journal_dir_file_is_in_place(dir_fd, name, segment->sums_fd, err);
}

int
segment_write_index(struct segment *segment, int dir_fd, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return index_file_write(&segment->index, segment->lines_bytes, dir_fd,
		segment_name(name, segment->number, SEGMENT_INDEX), err);
}
