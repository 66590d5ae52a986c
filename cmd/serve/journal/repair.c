/*
 * Recovers one segment: scans it and compares it with what was written. A torn tail is cut off
 * (torn_tail.c). Damage before the end stops the server, unless it has the option --repair.
 */
#include "serve/journal/repair.h"

#include <errno.h>
#include <unistd.h>

#include "serve/journal/segment.h"
#include "serve/journal/torn_tail.h"
#include "text/clock.h"
#include "text/err.h"

/* ---- --repair ---- */

struct repair {
	struct disk_journal *disk;
	uint32_t number;
	struct chat_buf good, bad;
	uint64_t bad_lines;
};

static void
on_line(void *arg, struct chat_span line, enum scan_verdict verdict)
{
	struct repair *repair = arg;
	struct chat_buf *buf = verdict == SCAN_GOOD ? &repair->good : &repair->bad;

	chat_buf_append_span(buf, line);
	chat_buf_append(buf, "\n", 1);
	repair->bad_lines += verdict != SCAN_GOOD;
}

/*
 * Replaces the lines of the segment by the good ones, and appends the bad ones to its file
 * .damaged. Deletes the checksums first: a segment without checksums can be read, but one with the
 * checksums of other lines cannot.
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

/* Removes the damaged lines from a segment, and scans it again. */
static int
segment_repair(struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err)
{
	struct repair repair = {.disk = disk, .number = number};
	int result;

	scan_free(scan);
	result = segment_scan(scan, disk->dir_fd, number, on_line, &repair, err);
	if (result == 0)
		result = repair_write(&repair, scan, err);
	chat_buf_free(&repair.good);
	chat_buf_free(&repair.bad);
	scan_free(scan);
	if (result < 0 || segment_scan(scan, disk->dir_fd, number, NULL, NULL, err) < 0)
		return -1;
	scan->unsummed = 0; /* these were reported before, or result from the repair */
	scan->sums_missing = false;
	return 0;
}

/* ---- one segment ---- */

int
repair_check_segment(
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
	if (torn_tail_cut(disk, number, scan, err) == 0)
		return 0;
	scan_free(scan);
	return -1;
}
