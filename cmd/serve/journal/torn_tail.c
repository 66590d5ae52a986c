/*
 * Recovers a segment after a crash: its torn tail is cut off. The tail was not written completely
 * when the server ended, so no user has seen it. repair.c handles damage before the end.
 */
#include "serve/journal/torn_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include "serve/journal/segment.h"
#include "text/err.h"

/* Appends the torn tail to the segment's file .torn, and removes it from the file of lines. */
static int
tail_move_aside(
	struct disk_journal *disk, uint32_t number, const struct scan *scan, struct chat_err *err)
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

/* Writes the checksums of the lines that the scan found good. */
static int
checksums_rewrite(
	struct disk_journal *disk, uint32_t number, const struct scan *scan, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(name, number, SEGMENT_SUMS);
	if (scan->sums_missing)
		journal_warn(
			&disk->journal, "%s is missing; the segment is read as it stands", name);
	else if (scan->unsummed)
		journal_warn(&disk->journal, "%s lacks %llu lines; they are read as they stand",
			name, (unsigned long long)scan->unsummed);
	return segment_file_replace(
		disk->dir_fd, number, SEGMENT_SUMS, chat_buf_span(&scan->sums), err);
}

int
torn_tail_cut(
	struct disk_journal *disk, uint32_t number, const struct scan *scan, struct chat_err *err)
{
	if (scan->file_bytes > scan->good_bytes && tail_move_aside(disk, number, scan, err) < 0)
		return -1;
	if (scan->sums_stale && checksums_rewrite(disk, number, scan, err) < 0)
		return -1;
	return 0;
}
