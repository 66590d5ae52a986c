/*
 * The file with the checksums of a segment, which scan.c compares with the lines. A record contains
 * the offset at which its line ends. So a newline that was added or lost damages only the lines
 * next to it, and not all lines after it.
 */
#include "serve/journal/checksums.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/journal/segment_file.h"
#include "text/err.h"

/* ---- one record ---- */

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

/* ---- the file of a segment ---- */

static bool
record_at(const struct checksums *sums, size_t i, uint32_t *crc, uint64_t *end)
{
	return checksum_read(sums->buf.at + i * CHECKSUM_LEN, crc, end);
}

/* Counts the records, without invalid ones at the end, which a crash can leave half written. */
static void
records_count(struct checksums *sums)
{
	uint32_t crc;
	uint64_t end;

	sums->count = sums->buf.len / CHECKSUM_LEN;
	while (sums->count && !record_at(sums, sums->count - 1, &crc, &end))
		sums->count--;
}

/*
 * Reads at most lines_bytes of the file: a line is longer than its record, so records after that
 * offset belong to no line.
 */
static int
records_read(struct checksums *sums, int fd, uint64_t lines_bytes, const char *name,
	struct chat_err *err)
{
	struct stat status;
	size_t len;

	if (fstat(fd, &status) < 0)
		return chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	len = (size_t)status.st_size;
	sums->stale = len > lines_bytes;
	if (sums->stale)
		len = (size_t)lines_bytes;
	if (journal_dir_read_file(fd, chat_buf_reserve(&sums->buf, len), len, 0, name, err) < 0)
		return -1;
	sums->buf.len = len;
	records_count(sums);
	return 0;
}

int
checksums_load(struct checksums *sums, int dir_fd, uint32_t number, uint64_t lines_bytes,
	struct chat_err *err)
{
	int fd = segment_file_open(dir_fd, number, SEGMENT_SUMS, O_RDONLY, err), result;
	char name[SEGMENT_NAME_MAX];

	sums->missing = fd < 0 && errno == ENOENT;
	if (fd < 0)
		return sums->missing ? 0 : -1;
	result = records_read(sums, fd, lines_bytes, segment_name(name, number, SEGMENT_SUMS), err);
	close(fd);
	return result;
}

/*
 * Finds the next record. Skips records that are invalid or not in order; the lines up to the next
 * one may have had those. Returns false if there is none.
 */
static bool
record_peek(struct checksums *sums, uint32_t *crc, uint64_t *end)
{
	uint32_t next_crc;
	uint64_t next_end;

	for (; sums->next < sums->count; sums->next++) {
		if (!record_at(sums, sums->next, crc, end)) {
			sums->in_hole = true;
			continue;
		}
		if (sums->next + 1 == sums->count ||
			!record_at(sums, sums->next + 1, &next_crc, &next_end) || *end < next_end)
			return true;
	}
	return false;
}

enum checksum_result
checksums_compare(struct checksums *sums, uint64_t from, uint64_t end, uint32_t crc)
{
	bool within = false; /* a record ends inside this line */
	uint32_t record_crc;
	uint64_t record_end;

	for (;;) {
		if (!record_peek(sums, &record_crc, &record_end))
			return within ? CHECKSUM_DIFFERS : CHECKSUM_NONE;
		if (record_end > end)
			return sums->in_hole && !within ? CHECKSUM_HOLE : CHECKSUM_DIFFERS;
		sums->next++;
		sums->in_hole = false;
		if (record_end == end)
			return record_crc == crc ? CHECKSUM_EQUAL : CHECKSUM_DIFFERS;
		within |= record_end > from;
	}
}
