/*
 * The files of one segment. Here is every write to a journal, so here is what its order on the disk
 * rests on: lines first, then their checksums; a name only for what is whole.
 */
#include "serve/journal/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chat/line.h"
#include "serve/journal/dir.h"
#include "serve/util/crc32c.h"

static const char *const suffixes[] = {
	[SEGMENT_LINES] = "ndjson",
	[SEGMENT_SUMS] = "sums",
	[SEGMENT_INDEX] = "index",
	[SEGMENT_TORN] = "torn",
	[SEGMENT_DAMAGED] = "damaged",
};

const char *
segment_name(char name[SEGMENT_NAME_MAX], uint32_t number, enum segment_file file)
{
	snprintf(name, SEGMENT_NAME_MAX, "%08u.%s", number, suffixes[file]);
	return name;
}

uint32_t
segment_number(const char *name, enum segment_file file)
{
	char expected[SEGMENT_NAME_MAX];
	unsigned long number = strtoul(name, NULL, 10);

	if (number == 0 || number >= UINT32_MAX)
		return 0;
	segment_name(expected, (uint32_t)number, file);
	return strcmp(expected, name) == 0 ? (uint32_t)number : 0;
}

bool
segment_name_is_any(const char *name)
{
	bool is = false;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		is |= segment_number(name, (enum segment_file)i) != 0;
	return is;
}

bool
segment_name_is_temporary(const char *name)
{
	size_t len = strlen(name);

	return len > 12 && strspn(name, "0123456789") >= 8 && strcmp(name + len - 4, ".new") == 0;
}

/* ---- checksums, header ---- */

static void
put_hex(char *at, uint64_t value)
{
	for (size_t i = 8; i--; value >>= 4)
		at[i] = "0123456789abcdef"[value & 15];
}

static bool
get_hex(const char *at, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < 8; i++) {
		const char *digit = memchr("0123456789abcdef", at[i], 16);

		if (!digit)
			return false;
		*value = *value << 4 | (uint64_t)(at[i] <= '9' ? at[i] - '0' : at[i] - 'a' + 10);
	}
	return true;
}

void
checksum_write(char sum[CHECKSUM_LEN], uint32_t crc, uint64_t end)
{
	put_hex(sum, crc);
	sum[8] = ' ';
	put_hex(sum + 9, end);
	sum[17] = '\n';
}

bool
checksum_read(const char sum[CHECKSUM_LEN], uint32_t *crc, uint64_t *end)
{
	uint64_t value;

	if (sum[8] != ' ' || sum[17] != '\n' || !get_hex(sum, &value) || !get_hex(sum + 9, end))
		return false;
	*crc = (uint32_t)value;
	return true;
}

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

static int
segment_fail(const struct segment *segment, enum segment_file file, const char *what,
	struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return chat_fail(
		err, CHAT_IO_ERROR, "%s: %s: %m", segment_name(name, segment->number, file), what);
}

/* ---- opening ---- */

int
segment_file_open(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return journal_dir_open_file(
		dir_fd, segment_name(name, number, file), flags, CHAT_CANNOT_OPEN, err);
}

/* To be written; CHAT_CANNOT_CREATE. */
static int
segment_file_create(
	int dir_fd, uint32_t number, enum segment_file file, int flags, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return journal_dir_open_file(dir_fd, segment_name(name, number, file),
		flags | O_WRONLY | O_APPEND, CHAT_CANNOT_CREATE, err);
}

static struct segment *
segment_new(int dir_fd, uint32_t number, int flags, struct chat_err *err)
{
	struct segment *segment = chat_alloc_zeroed(1, sizeof(*segment));

	segment->number = number;
	segment->sums_fd = -1;
	segment->lines_fd = segment_file_create(dir_fd, number, SEGMENT_LINES, flags, err);
	if (segment->lines_fd >= 0)
		segment->sums_fd = segment_file_create(dir_fd, number, SEGMENT_SUMS, flags, err);
	if (segment->sums_fd >= 0)
		return segment;
	segment_free(segment);
	return NULL;
}

/* What an earlier attempt has left is cut off. */
static int
segment_clear(struct segment *segment, struct chat_err *err)
{
	struct stat lines, sums;

	if (fstat(segment->lines_fd, &lines) < 0 || fstat(segment->sums_fd, &sums) < 0)
		return segment_fail(segment, SEGMENT_LINES, "look", err);
	return lines.st_size || sums.st_size ? segment_truncate(segment, err) : 0;
}

static int
segment_begin(struct segment *segment, uint64_t epoch, struct chat_err *err)
{
	struct chat_buf header = {0};
	char sum[CHECKSUM_LEN];
	int result;

	if (segment_clear(segment, err) < 0)
		return -1;
	segment_header_write(&header, segment->number, epoch);
	checksum_write(sum, crc32c(0, header.at, header.len), header.len);
	result = segment_write(
		segment, chat_buf_span(&header), (struct chat_span){sum, sizeof(sum)}, err);
	chat_buf_free(&header);
	return result;
}

struct segment *
segment_create(int dir_fd, uint32_t number, uint64_t epoch, struct chat_err *err)
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
	unlinkat(dir_fd, segment_name(name, number, SEGMENT_INDEX), 0); /* another one's */
	if (segment_begin(segment, epoch, err) == 0)
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
	return segment->lines_bytes + segment->sums_bytes + index_file_size(&segment->index);
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
	index_free(&segment->index);
	free(segment);
}

/* ---- writing ---- */

/* All in one write(2), where it takes all. A descriptor of a file is never waited for. */
static int
write_all(int fd, struct chat_span bytes)
{
	while (bytes.len) {
		ssize_t count = write(fd, bytes.at, bytes.len);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			errno = count == 0 ? EIO : errno;
			return -1;
		}
		bytes.at += count;
		bytes.len -= (size_t)count;
	}
	return 0;
}

int
segment_write(struct segment *segment, struct chat_span lines, struct chat_span sums,
	struct chat_err *err)
{
	if (write_all(segment->lines_fd, lines) < 0)
		return segment_fail(segment, SEGMENT_LINES, "write", err);
	if (write_all(segment->sums_fd, sums) < 0)
		return segment_fail(segment, SEGMENT_SUMS, "write", err);
	segment->lines_bytes += lines.len;
	segment->sums_bytes += sums.len;
	return 0;
}

/* Never longer: what somebody else has taken away is not to come back as zeros. */
static int
cut(int fd, uint64_t bytes)
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
	/* The sums first: lines without one are only believed as what they look like. */
	if (cut(segment->sums_fd, segment->sums_bytes) < 0)
		return segment_fail(segment, SEGMENT_SUMS, "truncate", err);
	if (cut(segment->lines_fd, segment->lines_bytes) < 0)
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

int
segment_remove(int dir_fd, uint32_t number, struct chat_err *err)
{
	static const enum segment_file files[] = {SEGMENT_LINES, SEGMENT_SUMS, SEGMENT_INDEX};
	char name[SEGMENT_NAME_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (unlinkat(dir_fd, segment_name(name, number, files[i]), 0) < 0 &&
			errno != ENOENT)
			return chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	return 0;
}

/* ---- setting aside, replacing ---- */

static int
write_synced(int fd, const char *name, struct chat_span bytes, struct chat_err *err)
{
	int result = 0;

	if (write_all(fd, bytes) < 0 || fsync(fd) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	close(fd);
	return result;
}

int
segment_file_append(int dir_fd, uint32_t number, enum segment_file file, struct chat_span bytes,
	struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	int fd = segment_file_create(dir_fd, number, file, O_CREAT, err);

	if (fd < 0)
		return -1;
	return write_synced(fd, segment_name(name, number, file), bytes, err);
}

int
segment_file_replace(int dir_fd, uint32_t number, enum segment_file file, struct chat_span bytes,
	struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX], temporary[SEGMENT_NAME_MAX + 4];
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.new", segment_name(name, number, file));
	fd = journal_dir_create(dir_fd, temporary, err);
	if (fd < 0)
		return -1;
	if (write_synced(fd, temporary, bytes, err) < 0 ||
		(renameat(dir_fd, temporary, dir_fd, name) < 0 &&
			chat_fail(err, CHAT_IO_ERROR, "%s: %m", name) < 0)) {
		unlinkat(dir_fd, temporary, 0);
		return -1;
	}
	return 0;
}
