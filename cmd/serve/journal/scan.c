/*
 * Checks for each line if it is what was written. Its checksum shows that; a line without a
 * checksum must be a valid message.
 */
#include "serve/journal/scan.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chat/msg.h"
#include "serve/journal/checksums.h"
#include "serve/journal/segment.h"
#include "serve/util/crc32c.h"
#include "text/err.h"
#include "text/line.h"

#define LINE_MAX_BYTES ((size_t)600 << 20) /* a message is never longer */

struct scanner {
	struct scan *scan;
	struct checksums sums;
	uint64_t end; /* the offset of the end of the current line */
	uint64_t last, epoch; /* of the last good message */
	bool after_bad; /* the lines after the last good one are bad */
	bool after_changed; /* at least one of these lines is SCAN_CHANGED */
	uint64_t first_bad; /* the number of the first of these lines; valid if after_bad */
};

/* ---- lines ---- */

/* Parses a line. Returns true if it is a message, newer than the last, and fits into an index. */
static bool
is_message(const struct scanner *scanner, struct chat_span text, struct journal_line *line)
{
	const struct journal_index *index = &scanner->scan->index;

	return journal_line_read(line, text) && line->number > scanner->last &&
		line->epoch >= scanner->epoch &&
		(!index->count || line->number - index->base <= UINT32_MAX) &&
		scanner->end <= SEGMENT_BYTES_MAX && chat_channel_valid(line->channel);
}

/*
 * Records the checksum of a good line. If there are bad lines directly before it, they are damage,
 * not a torn tail.
 */
static void
line_accept(struct scanner *scanner, uint32_t crc)
{
	struct scan *scan = scanner->scan;
	char sum[CHECKSUM_LEN];

	checksum_write(sum, crc, scanner->end);
	chat_buf_append(&scan->sums, sum, sizeof(sum));
	scan->good_bytes = scanner->end;
	if (scanner->after_bad && !scan->damaged)
		scan->damaged = scanner->first_bad;
	scanner->after_bad = scanner->after_changed = false;
}

/*
 * Returns true for a line that was not synced when the power was lost, as a page before it shows
 * that is not there: the checksums end before both, and their file is not lost.
 */
static bool
is_beyond_tear(const struct scanner *scanner, enum checksum_result sum)
{
	return sum == CHECKSUM_NONE && scanner->after_bad && !scanner->sums.missing;
}

/* Returns the verdict on a line that ends with a newline, and records the line if it is good. */
static enum scan_verdict
line_judge(struct scanner *scanner, struct chat_span text)
{
	struct scan *scan = scanner->scan;
	uint32_t crc = crc32c(crc32c(0, text.at, text.len), "\n", 1);
	enum checksum_result sum =
		checksums_compare(&scanner->sums, scanner->end - text.len - 1, scanner->end, crc);
	struct journal_line line;
	struct chat_msg msg;
	uint64_t epoch = 0;
	bool ours;

	if (scan->lines == 1)
		ours = segment_header_read(text, &epoch, NULL) == 0;
	else
		ours = is_message(scanner, text, &line);
	if (!ours)
		return sum == CHECKSUM_EQUAL ? SCAN_CHANGED : SCAN_TORN;
	if (sum == CHECKSUM_DIFFERS)
		return SCAN_CHANGED;
	if (sum != CHECKSUM_EQUAL && scan->lines > 1 &&
		(is_beyond_tear(scanner, sum) ||
			chat_msg_read(&msg, text, CHAT_FROM_SERVER, NULL) < 0))
		return SCAN_TORN;
	scan->unsummed += sum != CHECKSUM_EQUAL;
	line_accept(scanner, crc);
	if (scan->lines == 1) {
		scan->epoch = epoch;
	} else {
		index_add(&scan->index, &line,
			(struct position){.at = (uint32_t)(scanner->end - text.len - 1),
				.len = (uint32_t)text.len,
				.crc = crc});
		scanner->last = line.number;
		scanner->epoch = line.epoch;
	}
	return SCAN_GOOD;
}

/* Returns the verdict on any line; the last one may have no newline. */
static enum scan_verdict
line_scan(struct scanner *scanner, enum chat_line what, struct chat_span text)
{
	enum scan_verdict verdict = SCAN_TORN;

	scanner->scan->lines++;
	scanner->end += text.len + (what == CHAT_LINE_TAKEN);
	if (what == CHAT_LINE_TAKEN)
		verdict = line_judge(scanner, text);
	if (verdict == SCAN_GOOD)
		return verdict;
	if (!scanner->after_bad)
		scanner->first_bad = scanner->scan->lines;
	scanner->after_bad = true;
	scanner->after_changed |= verdict == SCAN_CHANGED;
	return verdict;
}

static int
scan_lines(struct scanner *scanner, int fd, scan_on_line *on_line, void *arg, struct chat_err *err)
{
	struct chat_lines lines;
	struct chat_span text;
	enum chat_line what;
	int result;

	chat_lines_init(&lines, fd, LINE_MAX_BYTES);
	while ((result = chat_lines_next(&lines, &text, &what, err)) == 0 &&
		what != CHAT_LINE_END) {
		enum scan_verdict verdict;

		if (what == CHAT_LINE_TOO_LONG || scanner->end > SEGMENT_BYTES_MAX) {
			result = chat_fail(err, CHAT_BAD_MESSAGE, "line %llu has no end",
				(unsigned long long)lines.number);
			break;
		}
		verdict = line_scan(scanner, what, text);
		if (on_line)
			on_line(arg, text, verdict);
	}
	chat_lines_free(&lines);
	return result;
}

/* ---- a segment ---- */

/* Sets the results that depend on all lines. */
static void
scan_conclude(struct scanner *scanner)
{
	struct scan *scan = scanner->scan;
	const struct chat_buf *had = &scanner->sums.buf;

	scan->file_bytes = scanner->end;
	if (scanner->after_changed && !scan->damaged)
		scan->damaged = scanner->first_bad;
	scan->sums_stale = scanner->sums.stale || had->len != scan->sums.len ||
		(had->len && memcmp(had->at, scan->sums.at, had->len) != 0);
}

/* Sets scan->file_bytes. Returns 0, or -1 if the size is unknown or too large for a segment. */
static int
scan_size(struct scan *scan, int fd, struct chat_err *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return chat_fail(err, CHAT_IO_ERROR, "%m");
	scan->file_bytes = (uint64_t)status.st_size;
	if (scan->file_bytes > SEGMENT_BYTES_MAX)
		return chat_fail(err, CHAT_BAD_MESSAGE, "no segment is so large");
	return 0;
}

int
segment_scan(struct scan *scan, int dir_fd, uint32_t number, scan_on_line *on_line, void *arg,
	struct chat_err *err)
{
	struct scanner scanner = {.scan = scan};
	char name[SEGMENT_NAME_MAX];
	int fd = segment_file_open(dir_fd, number, SEGMENT_LINES, O_RDONLY, err);
	int result;

	*scan = (struct scan){0};
	if (fd < 0)
		return -1;
	result = scan_size(scan, fd, err);
	if (result == 0)
		result = checksums_load(&scanner.sums, dir_fd, number, scan->file_bytes, err);
	if (result == 0) {
		scan->sums_missing = scanner.sums.missing;
		result = scan_lines(&scanner, fd, on_line, arg, err);
		scan_conclude(&scanner);
	}
	if (result < 0)
		chat_fail(err, err ? err->code : CHAT_IO_ERROR, "%s: %s",
			segment_name(name, number, SEGMENT_LINES), err ? err->text : "");
	chat_buf_free(&scanner.sums.buf);
	close(fd);
	if (result < 0)
		scan_free(scan);
	return result;
}

void
scan_free(struct scan *scan)
{
	chat_buf_free(&scan->sums);
	index_free(&scan->index);
	*scan = (struct scan){0};
}
