/*
 * What is in the directory at the start, and is it what was written? The segment that grew is read
 * whole, and the newest of the closed ones; of the others the index tells enough. A torn end is cut
 * off; damage before the end is nobody's to judge but the operator's (--repair).
 */
#include "serve/journal_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "serve/crc32c.h"
#include "serve/journal_scan.h"

#define CHECK_BYTES ((uint64_t)64 << 20) /* of closed segments read at every start */

/* ---- what there is ---- */

struct numbers {
	uint32_t *at;
	size_t count, cap;
};

static void
numbers_add(struct numbers *numbers, uint32_t number)
{
	if (numbers->count == numbers->cap) {
		numbers->cap = numbers->cap ? 2 * numbers->cap : 64;
		numbers->at = chat_realloc(numbers->at, numbers->cap * sizeof(*numbers->at));
	}
	numbers->at[numbers->count++] = number;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool
ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), end_len = strlen(end);

	return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Finds the segments, ascending; what was being written when a server ended is removed. */
static int
list_segments(struct journal_file *file, struct numbers *numbers, struct chat_err *err)
{
	int fd = openat(file->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", file->options.dir);
	}
	while ((errno = 0, entry = readdir(dir))) {
		uint32_t number = segment_number(entry->d_name, SEGMENT_LINES);

		if (number)
			numbers_add(numbers, number);
		else if (ends_with(entry->d_name, ".new"))
			unlinkat(file->dir_fd, entry->d_name, 0);
	}
	if (errno)
		chat_fail(err, CHAT_IO_ERROR, "%s: %m", file->options.dir);
	fd = errno;
	closedir(dir);
	if (numbers->count)
		qsort(numbers->at, numbers->count, sizeof(*numbers->at), by_number);
	return fd ? -1 : 0;
}

static uint64_t
file_size(int dir_fd, const char *name)
{
	struct stat status;

	return fstatat(dir_fd, name, &status, 0) == 0 ? (uint64_t)status.st_size : 0;
}

/* ---- mending one segment ---- */

/* What is not good at the end goes into a file of its own. */
static int
tail_cut(struct journal_file *file, uint32_t number, const struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX], torn[SEGMENT_NAME_MAX], piece[65536];
	int fd =
		openat(file->dir_fd, segment_name(name, number, SEGMENT_LINES), O_RDWR | O_CLOEXEC);
	uint64_t at = scan->good_bytes;
	int result = 0;

	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", name);
	while (result == 0 && at < scan->file_bytes) {
		ssize_t count = pread(fd, piece, sizeof(piece), (off_t)at);

		if (count <= 0)
			result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
		else
			result = segment_put_aside(file->dir_fd, number, SEGMENT_TORN,
				(struct chat_span){piece, (size_t)count}, err);
		at += count > 0 ? (uint64_t)count : 0;
	}
	if (result == 0 && (ftruncate(fd, (off_t)scan->good_bytes) < 0 || fsync(fd) < 0))
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	close(fd);
	if (result == 0)
		chat_warn("journal: %s: the last %llu bytes were not written whole; they are in %s",
			name, (unsigned long long)(scan->file_bytes - scan->good_bytes),
			segment_name(torn, number, SEGMENT_TORN));
	return result;
}

/* The sums become those of the lines. */
static int
sums_mend(struct journal_file *file, uint32_t number, const struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(name, number, SEGMENT_SUMS);
	if (scan->sums_missing)
		chat_warn("journal: %s is missing; the segment is read as it stands", name);
	else if (scan->unsummed)
		chat_warn("journal: %s lacks the last %llu lines; they are read as they stand",
			name, (unsigned long long)scan->unsummed);
	return segment_replace(file->dir_fd, number, SEGMENT_SUMS, chat_buf_span(&scan->sums), err);
}

/* A segment without damage but at its end becomes as if it had ended well. */
static int
segment_mend(struct journal_file *file, uint32_t number, struct scan *scan, struct chat_err *err)
{
	if (scan->file_bytes > scan->good_bytes && tail_cut(file, number, scan, err) < 0)
		return -1;
	if (scan->sums_stale && sums_mend(file, number, scan, err) < 0)
		return -1;
	return 0;
}

/* ---- --repair ---- */

struct repair {
	struct journal_file *file;
	uint32_t number;
	struct chat_buf good, bad;
	uint64_t bad_lines;
};

static void
repair_line(void *arg, struct chat_span line, enum scan_verdict verdict)
{
	struct repair *repair = arg;
	struct chat_buf *buf = verdict == SCAN_GOOD ? &repair->good : &repair->bad;

	chat_buf_append_span(buf, line);
	chat_buf_append(buf, "\n", 1);
	repair->bad_lines += verdict != SCAN_GOOD;
}

/*
 * The good lines make a new file. The checksums of the old one go first: a segment without them is
 * read as it stands, one with those of other lines not at all.
 */
static int
repair_write(struct repair *repair, struct scan *scan, struct chat_err *err)
{
	struct journal_file *file = repair->file;
	struct chat_buf lines = {0};
	char name[SEGMENT_NAME_MAX];
	int result;

	if (!scan->epoch)
		segment_header_write(&lines, repair->number, (uint64_t)chat_unix_ms());
	chat_buf_append_span(&lines, chat_buf_span(&repair->good));
	result = segment_put_aside(
		file->dir_fd, repair->number, SEGMENT_DAMAGED, chat_buf_span(&repair->bad), err);
	if (result == 0 &&
		unlinkat(file->dir_fd, segment_name(name, repair->number, SEGMENT_SUMS), 0) < 0 &&
		errno != ENOENT)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	if (result == 0)
		result = segment_replace(
			file->dir_fd, repair->number, SEGMENT_LINES, chat_buf_span(&lines), err);
	chat_buf_free(&lines);
	if (result == 0)
		chat_warn("journal: %s: %llu damaged lines were taken out; they are in %s",
			segment_name(name, repair->number, SEGMENT_LINES),
			(unsigned long long)repair->bad_lines,
			segment_name((char[SEGMENT_NAME_MAX]){0}, repair->number, SEGMENT_DAMAGED));
	return result;
}

static int
segment_repair(struct journal_file *file, uint32_t number, struct scan *scan, struct chat_err *err)
{
	struct repair repair = {.file = file, .number = number};
	int result;

	scan_free(scan);
	result = segment_scan(scan, file->dir_fd, number, repair_line, &repair, err);
	if (result == 0)
		result = repair_write(&repair, scan, err);
	chat_buf_free(&repair.good);
	chat_buf_free(&repair.bad);
	scan_free(scan);
	if (result < 0 || segment_scan(scan, file->dir_fd, number, NULL, NULL, err) < 0)
		return -1;
	scan->unsummed = 0; /* that was just decided */
	scan->sums_missing = false;
	return 0;
}

/* ---- one segment after the other ---- */

/* Scans a segment and puts it in order, or says why not. */
static int
segment_check(struct journal_file *file, uint32_t number, struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	if (segment_scan(scan, file->dir_fd, number, NULL, NULL, err) < 0)
		return -1;
	if (scan->damaged && file->options.repair && segment_repair(file, number, scan, err) < 0)
		return -1;
	if (scan->damaged) {
		chat_fail(err, CHAT_BAD_MESSAGE,
			"%s/%s:%llu: damaged: not what was written; --repair takes such lines out",
			file->options.dir, segment_name(name, number, SEGMENT_LINES),
			(unsigned long long)scan->damaged);
		scan_free(scan);
		return -1;
	}
	if (segment_mend(file, number, scan, err) == 0)
		return 0;
	scan_free(scan);
	return -1;
}

static void
note_epochs(struct journal_file *file, const struct epoch *epochs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		epochs_note(&file->epochs, epochs[i].epoch, epochs[i].last);
}

/* A segment holds messages of these numbers. Before one whose predecessor is gone, so are theirs.
 */
static void
note_messages(struct journal_file *file, uint32_t number, uint64_t base, uint64_t last,
	int64_t timestamp_ms)
{
	if (number > file->known_number + 1)
		file->removed = base;
	file->known_number = number;
	file->last = last;
	if (file->timestamp_ms < timestamp_ms)
		file->timestamp_ms = timestamp_ms;
}

/* What is known of a closed segment, by its index. */
static void
note_segment(struct journal_file *file, uint32_t number, const struct index_file *index)
{
	const struct index_head *head = &index->head;
	char name[SEGMENT_NAME_MAX];

	for (uint32_t i = 0; i < head->channels; i++)
		journal_tally(
			file, chat_span_of(index->channels[i].name), index->channels[i].count);
	note_epochs(file, index->epochs, head->epochs);
	if (head->places)
		note_messages(file, number, head->base, head->last, head->timestamp_ms);
	else if (number == file->known_number + 1)
		file->known_number = number;
	journal_note_closed(file,
		(struct closed_segment){
			.number = number,
			.base = head->base,
			.last = head->last,
			.timestamp_ms = head->timestamp_ms,
			.bytes = head->lines_bytes +
				file_size(file->dir_fd, segment_name(name, number, SEGMENT_SUMS)),
		});
}

/* What is there is on the disk from now on: it is about to be shown. */
static int
lines_sync(struct journal_file *file, uint32_t number, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	int fd, result = 0;

	if (file->options.sync == JOURNAL_NEVER)
		return 0;
	fd = openat(file->dir_fd, segment_name(name, number, SEGMENT_LINES), O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", name);
	if (fdatasync(fd) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: sync: %m", name);
	close(fd);
	return result;
}

/* Its index file, if it is there and fits the size of the segment. */
static int
index_open_fitting(struct journal_file *file, uint32_t number, struct index_file *index)
{
	char lines[SEGMENT_NAME_MAX], name[SEGMENT_NAME_MAX];

	if (index_file_open(index, file->dir_fd, segment_name(name, number, SEGMENT_INDEX), NULL) <
		0)
		return -1;
	if (index->head.lines_bytes ==
		file_size(file->dir_fd, segment_name(lines, number, SEGMENT_LINES)))
		return 0;
	index_file_close(index);
	return -1;
}

int
journal_index_open(struct journal_file *file, uint32_t number, bool check, struct index_file *index,
	struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	struct scan scan;
	int result = 0;

	if (!check && index_open_fitting(file, number, index) == 0)
		return 0;
	if (segment_check(file, number, &scan, err) < 0)
		return -1;
	if (index_open_fitting(file, number, index) == 0) {
		if (index_file_is_of(index, &scan.index)) {
			scan_free(&scan);
			return 0;
		}
		index_file_close(index);
	}
	segment_name(name, number, SEGMENT_INDEX);
	if (lines_sync(file, number, err) < 0 ||
		index_file_write(&scan.index, scan.good_bytes, file->dir_fd, name, err) < 0)
		result = -1;
	scan_free(&scan);
	return result < 0 ? -1 : index_file_open(index, file->dir_fd, name, err);
}

static int
closed_open(struct journal_file *file, uint32_t number, bool check, struct chat_err *err)
{
	struct index_file index;

	if (journal_index_open(file, number, check, &index, err) < 0)
		return -1;
	note_segment(file, number, &index);
	index_file_close(&index);
	return 0;
}

/* The newest segment goes on growing. */
static int
active_open(struct journal_file *file, uint32_t number, struct chat_err *err)
{
	struct scan scan;

	if (segment_check(file, number, &scan, err) < 0)
		return -1;
	if (lines_sync(file, number, err) < 0) {
		scan_free(&scan);
		return -1;
	}
	note_epochs(file, scan.index.epochs.at, scan.index.epochs.count);
	if (scan.index.count)
		note_messages(
			file, number, scan.index.base, scan.index.last, scan.index.timestamp_ms);
	if (scan.epoch >= file->epoch)
		file->epoch = scan.epoch + 1;
	if (scan.epoch)
		file->active = segment_reopen(
			file->dir_fd, number, scan.good_bytes, scan.sums.len, &scan.index, err);
	else
		file->active = segment_create(file->dir_fd, number, file->epoch, err);
	scan_free(&scan);
	return file->active ? 0 : -1;
}

static int
segments_open(struct journal_file *file, const struct numbers *numbers, struct chat_err *err)
{
	size_t last = numbers->count - 1, check = last;
	uint64_t checked = 0;
	char name[SEGMENT_NAME_MAX];

	while (check > 0) {
		checked += file_size(
			file->dir_fd, segment_name(name, numbers->at[check - 1], SEGMENT_LINES));
		if (checked > CHECK_BYTES)
			break;
		check--;
	}
	for (size_t i = 0; i < last; i++)
		if (closed_open(file, numbers->at[i], file->options.repair || i >= check, err) < 0)
			return -1;
	return active_open(file, numbers->at[last], err);
}

int
journal_recover(struct journal_file *file, struct chat_err *err)
{
	struct numbers numbers = {0};
	int result = list_segments(file, &numbers, err);

	file->epoch = (uint64_t)chat_unix_ms();
	if (result == 0 && numbers.count) {
		result = segments_open(file, &numbers, err);
	} else if (result == 0) {
		file->active = segment_create(file->dir_fd, 1, file->epoch, err);
		result = file->active ? 0 : -1;
	}
	if (result == 0 && file->options.sync != JOURNAL_NEVER && fsync(file->dir_fd) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: sync: %m", file->options.dir);
	if (file->epochs.count && file->epochs.at[file->epochs.count - 1].epoch >= file->epoch)
		file->epoch = file->epochs.at[file->epochs.count - 1].epoch + 1;
	free(numbers.at);
	return result;
}
