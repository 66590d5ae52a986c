/*
 * Is a segment what was written? A checksum says for each line where it ends, so that damage stays
 * where it is: a newline that came or went spoils its neighbours and not all that follows.
 */
#include "serve/journal/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chat/line.h"
#include "chat/msg.h"
#include "command/diag.h"
#include "serve/journal/dir.h"
#include "serve/journal/segment.h"
#include "serve/util/crc32c.h"

#define LINE_MAX_BYTES ((size_t)600 << 20) /* above any message and its frame of properties */

/* The file of checksums, and the next one of them. */
struct sums {
	struct chat_buf buf;
	size_t next, count;
	bool stale; /* it is longer than it can be */
};

struct scanner {
	struct scan *scan;
	struct sums sums;
	uint64_t end; /* of the line at hand */
	uint64_t last, epoch; /* of the last good message */
	bool after_bad; /* the lines at the end so far are bad, */
	bool after_changed; /* and one of them is no torn one */
	uint64_t first_bad;
};

/* ---- checksums ---- */

/*
 * -1: cannot be read; a missing file is an empty one. A line is longer than its checksum, so of a
 * file that is longer than the lines the end has no lines.
 */
static int
sums_load(struct sums *sums, int dir_fd, uint32_t number, struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	int fd = segment_file_open(dir_fd, number, SEGMENT_SUMS, O_RDONLY, err);
	struct stat status;
	size_t len = 0;
	int result = 0;

	scan->sums_missing = fd < 0 && errno == ENOENT;
	if (fd < 0)
		return scan->sums_missing ? 0 : -1;
	segment_name(name, number, SEGMENT_SUMS);
	if (fstat(fd, &status) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	else
		len = (size_t)status.st_size;
	sums->stale = len > scan->file_bytes;
	if (sums->stale)
		len = (size_t)scan->file_bytes;
	if (result == 0)
		result = journal_dir_read_file(
			fd, chat_buf_reserve(&sums->buf, len), len, 0, name, err);
	if (result == 0)
		sums->buf.len = len;
	close(fd);
	return result;
}

static bool
sums_at(const struct sums *sums, size_t i, uint32_t *crc, uint64_t *end)
{
	return checksum_read(sums->buf.at + i * CHECKSUM_LEN, crc, end);
}

/* What is no checksum at the end was being written when the end came. */
static void
sums_count(struct sums *sums)
{
	uint32_t crc;
	uint64_t end;

	sums->count = sums->buf.len / CHECKSUM_LEN;
	while (sums->count && !sums_at(sums, sums->count - 1, &crc, &end))
		sums->count--;
}

enum sum { SUM_FITS, SUM_DIFFERS, SUM_NONE };

/* The next checksum, and where its line ends; those that cannot be in order are passed over. */
static bool
sums_peek(struct sums *sums, uint32_t *crc, uint64_t *end)
{
	uint32_t next_crc;
	uint64_t next_end;

	for (; sums->next < sums->count; sums->next++) {
		if (!sums_at(sums, sums->next, crc, end))
			continue;
		if (sums->next + 1 == sums->count ||
			!sums_at(sums, sums->next + 1, &next_crc, &next_end) || *end < next_end)
			return true;
	}
	return false;
}

/* Holds a line of these bytes of the file against its checksum. */
static enum sum
sums_check(struct sums *sums, uint64_t line_from, uint64_t line_end, uint32_t line_crc)
{
	bool within = false; /* a line once ended where this one has not ended yet */
	uint32_t crc;
	uint64_t end;

	for (;;) {
		if (!sums_peek(sums, &crc, &end))
			return within ? SUM_DIFFERS : SUM_NONE;
		if (end > line_end)
			return SUM_DIFFERS;
		sums->next++;
		if (end == line_end)
			return crc == line_crc ? SUM_FITS : SUM_DIFFERS;
		within |= end > line_from;
	}
}

/* ---- lines ---- */

/* Behind the last one, and so that an index of the segment can hold it. */
static bool
is_message(const struct scanner *scanner, struct chat_span text, struct journal_line *line)
{
	const struct journal_index *index = &scanner->scan->index;

	return journal_line_read(line, text) && line->number > scanner->last &&
		line->epoch >= scanner->epoch &&
		(!index->count || line->number - index->base <= UINT32_MAX) &&
		scanner->end <= SEGMENT_BYTES_MAX && chat_channel_valid(line->channel);
}

static void
scan_keep(struct scanner *scanner, uint32_t crc)
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

/* Judges a whole line; a good one is kept. */
static enum scan_verdict
scan_line_whole(struct scanner *scanner, struct chat_span text)
{
	struct scan *scan = scanner->scan;
	uint32_t crc = crc32c(crc32c(0, text.at, text.len), "\n", 1);
	enum sum sum = sums_check(&scanner->sums, scanner->end - text.len - 1, scanner->end, crc);
	struct journal_line line;
	struct chat_msg msg;
	uint64_t epoch = 0;
	bool ours;

	if (scan->lines == 1)
		ours = segment_header_read(text, &epoch, NULL) == 0;
	else
		ours = is_message(scanner, text, &line);
	if (!ours)
		return sum == SUM_FITS ? SCAN_CHANGED : SCAN_TORN;
	if (sum == SUM_DIFFERS)
		return SCAN_CHANGED;
	if (sum == SUM_NONE && scan->lines > 1 &&
		chat_msg_read(&msg, text, CHAT_FROM_SERVER, NULL) < 0)
		return SCAN_TORN;
	scan->unsummed += sum == SUM_NONE;
	scan_keep(scanner, crc);
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

static enum scan_verdict
scan_one(struct scanner *scanner, enum chat_line what, struct chat_span text)
{
	enum scan_verdict verdict = SCAN_TORN;

	scanner->scan->lines++;
	scanner->end += text.len + (what == CHAT_LINE_TAKEN);
	if (what == CHAT_LINE_TAKEN)
		verdict = scan_line_whole(scanner, text);
	if (verdict == SCAN_GOOD)
		return verdict;
	if (!scanner->after_bad)
		scanner->first_bad = scanner->scan->lines;
	scanner->after_bad = true;
	scanner->after_changed |= verdict == SCAN_CHANGED;
	return verdict;
}

static int
scan_lines(struct scanner *scanner, int fd, scan_line *see, void *arg, struct chat_err *err)
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
		verdict = scan_one(scanner, what, text);
		if (see)
			see(arg, text, verdict);
	}
	chat_lines_free(&lines);
	return result;
}

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
segment_scan(struct scan *scan, int dir_fd, uint32_t number, scan_line *see, void *arg,
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
		result = sums_load(&scanner.sums, dir_fd, number, scan, err);
	if (result == 0) {
		sums_count(&scanner.sums);
		result = scan_lines(&scanner, fd, see, arg, err);
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

/* ---- the index again ---- */

/* The lines say what the index is to say; those that are damaged have to be taken out first. */
static int
index_make(int dir_fd, uint32_t number, const char *name, struct chat_err *err)
{
	char lines[SEGMENT_NAME_MAX];
	struct scan scan;
	int result = 0;

	segment_name(lines, number, SEGMENT_LINES);
	if (segment_scan(&scan, dir_fd, number, NULL, NULL, err) < 0)
		return -1;
	if (scan.damaged || scan.good_bytes < scan.file_bytes)
		result = chat_fail(err, CHAT_BAD_MESSAGE, "%s:%llu: not what was written", lines,
			(unsigned long long)(scan.damaged ? scan.damaged : scan.lines));
	else
		result = index_file_write(&scan.index, scan.good_bytes, dir_fd, name, err);
	scan_free(&scan);
	return result;
}

void
index_warn(const struct journal *journal, uint32_t number, const struct chat_err *why)
{
	char name[SEGMENT_NAME_MAX];

	journal_warn(journal, "%s: %s; it is made again", segment_name(name, number, SEGMENT_INDEX),
		why->text);
}

int
index_open_if_valid(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	struct chat_err why = {0};

	segment_name(name, number, SEGMENT_INDEX);
	if (index_file_open(index, dir_fd, name, lines_bytes, &why) == 0)
		return 0;
	if (why.code != CHAT_BAD_MESSAGE && errno != ENOENT)
		return chat_fail(err, why.code, "%s", why.text);
	if (why.code == CHAT_BAD_MESSAGE)
		index_warn(journal, number, &why);
	return 1;
}

static int
segment_is_not_there(const char *lines, struct chat_err *err)
{
	return chat_fail(err, CHAT_CANNOT_OPEN, "%s: is not there", lines);
}

int
index_rebuild(struct index_file *index, int dir_fd, uint32_t number, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX], lines[SEGMENT_NAME_MAX];
	uint64_t lines_bytes;

	segment_name(name, number, SEGMENT_INDEX);
	segment_name(lines, number, SEGMENT_LINES);
	if (index_make(dir_fd, number, name, err) < 0)
		return -1;
	if (journal_dir_file_size(dir_fd, lines, &lines_bytes))
		return index_file_open(index, dir_fd, name, lines_bytes, err);
	unlinkat(dir_fd, name, 0); /* the segment was removed meanwhile */
	return segment_is_not_there(lines, err);
}

int
index_open_or_rebuild(const struct journal *journal, struct index_file *index, int dir_fd,
	uint32_t number, uint64_t lines_bytes, struct chat_err *err)
{
	char lines[SEGMENT_NAME_MAX];
	uint64_t bytes;
	int result;

	segment_name(lines, number, SEGMENT_LINES);
	if (!journal_dir_file_size(dir_fd, lines, &bytes))
		return segment_is_not_there(lines, err);
	if (bytes != lines_bytes)
		return chat_fail(err, CHAT_BAD_MESSAGE, "%s: somebody else has changed it", lines);
	result = index_open_if_valid(journal, index, dir_fd, number, lines_bytes, err);
	return result <= 0 ? result : index_rebuild(index, dir_fd, number, err);
}
