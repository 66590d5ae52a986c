/*
 * A segment that a crash has left, or that somebody has damaged. A torn end is cut off; damage
 * before the end is nobody's to judge but the operator's (--repair).
 */
#include "serve/journal/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/journal/scan.h"

/* ---- mending one segment ---- */

/* What is not good at the end goes into a file of its own. */
static int
tail_cut(struct disk_journal *disk, uint32_t number, const struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX], torn[SEGMENT_NAME_MAX], piece[65536];
	int fd = segment_file_open(disk->dir_fd, number, SEGMENT_LINES, O_RDWR, err);
	uint64_t at = scan->good_bytes;
	int result = 0;

	if (fd < 0)
		return -1;
	segment_name(name, number, SEGMENT_LINES);
	while (result == 0 && at < scan->file_bytes) {
		ssize_t count = pread(fd, piece, sizeof(piece), (off_t)at);

		if (count <= 0)
			result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
		else
			result = segment_file_append(disk->dir_fd, number, SEGMENT_TORN,
				(struct chat_span){piece, (size_t)count}, err);
		at += count > 0 ? (uint64_t)count : 0;
	}
	if (result == 0 && (ftruncate(fd, (off_t)scan->good_bytes) < 0 || fsync(fd) < 0))
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	close(fd);
	if (result == 0)
		journal_warn(&disk->journal,
			"%s: the last %llu bytes were not written whole; they are in %s", name,
			(unsigned long long)(scan->file_bytes - scan->good_bytes),
			segment_name(torn, number, SEGMENT_TORN));
	return result;
}

/* The sums become those of the lines. */
static int
sums_mend(struct disk_journal *disk, uint32_t number, const struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(name, number, SEGMENT_SUMS);
	if (scan->sums_missing)
		journal_warn(
			&disk->journal, "%s is missing; the segment is read as it stands", name);
	else if (scan->unsummed)
		journal_warn(&disk->journal,
			"%s lacks the last %llu lines; they are read as they stand", name,
			(unsigned long long)scan->unsummed);
	return segment_file_replace(
		disk->dir_fd, number, SEGMENT_SUMS, chat_buf_span(&scan->sums), err);
}

/* A segment without damage but at its end becomes as if it had ended well. */
static int
segment_mend(struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err)
{
	if (scan->file_bytes > scan->good_bytes && tail_cut(disk, number, scan, err) < 0)
		return -1;
	if (scan->sums_stale && sums_mend(disk, number, scan, err) < 0)
		return -1;
	return 0;
}

/* ---- --repair ---- */

struct repair {
	struct disk_journal *disk;
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
	struct disk_journal *disk = repair->disk;
	struct chat_buf lines = {0};
	char name[SEGMENT_NAME_MAX];
	int result;

	if (!scan->epoch)
		segment_header_write(&lines, repair->number, (uint64_t)chat_unix_ms());
	chat_buf_append_span(&lines, chat_buf_span(&repair->good));
	result = segment_file_append(
		disk->dir_fd, repair->number, SEGMENT_DAMAGED, chat_buf_span(&repair->bad), err);
	if (result == 0 &&
		unlinkat(disk->dir_fd, segment_name(name, repair->number, SEGMENT_SUMS), 0) < 0 &&
		errno != ENOENT)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", name);
	if (result == 0)
		result = segment_file_replace(
			disk->dir_fd, repair->number, SEGMENT_LINES, chat_buf_span(&lines), err);
	chat_buf_free(&lines);
	if (result == 0)
		journal_warn(&disk->journal,
			"%s: %llu damaged lines were taken out; they are in %s",
			segment_name(name, repair->number, SEGMENT_LINES),
			(unsigned long long)repair->bad_lines,
			segment_name((char[SEGMENT_NAME_MAX]){0}, repair->number, SEGMENT_DAMAGED));
	return result;
}

static int
segment_repair(struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err)
{
	struct repair repair = {.disk = disk, .number = number};
	int result;

	scan_free(scan);
	result = segment_scan(scan, disk->dir_fd, number, repair_line, &repair, err);
	if (result == 0)
		result = repair_write(&repair, scan, err);
	chat_buf_free(&repair.good);
	chat_buf_free(&repair.bad);
	scan_free(scan);
	if (result < 0 || segment_scan(scan, disk->dir_fd, number, NULL, NULL, err) < 0)
		return -1;
	scan->unsummed = 0; /* that was just decided */
	scan->sums_missing = false;
	return 0;
}

/* ---- both ---- */

int
journal_segment_check(
	struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	if (segment_scan(scan, disk->dir_fd, number, NULL, NULL, err) < 0)
		return -1;
	if (scan->damaged && disk->options.repair && segment_repair(disk, number, scan, err) < 0)
		return -1;
	if (scan->damaged) {
		chat_fail(err, CHAT_BAD_MESSAGE,
			"%s/%s:%llu: damaged: not what was written; --repair takes such lines out",
			disk->options.dir, segment_name(name, number, SEGMENT_LINES),
			(unsigned long long)scan->damaged);
		scan_free(scan);
		return -1;
	}
	if (segment_mend(disk, number, scan, err) == 0)
		return 0;
	scan_free(scan);
	return -1;
}
