/*
 * Opens the index of a closed segment when the server starts: its file if that is right, or a new
 * one from a scan of the lines.
 */
#include "serve/journal/recovery_index.h"

#include <fcntl.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/journal/index_rebuild.h"
#include "serve/journal/repair.h"
#include "text/err.h"

int
recovery_sync_lines(struct disk_journal *disk, uint32_t number, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];
	int fd, result = 0;

	if (disk->options.sync == JOURNAL_SYNC_NEVER)
		return 0;
	fd = segment_file_open(disk->dir_fd, number, SEGMENT_LINES, O_RDWR, err);
	if (fd < 0)
		return -1;
	if (fdatasync(fd) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: sync: %m",
			segment_name(name, number, SEGMENT_LINES));
	close(fd);
	return result;
}

/*
 * Returns true if the index file is equal to the result of the scan. Otherwise reports and closes
 * it.
 */
static bool
index_fits(const struct disk_journal *disk, struct index_file *index, const struct scan *scan,
	uint32_t number)
{
	struct chat_err why;

	if (index_file_matches(index, &scan->index))
		return true;
	index_file_close(index);
	chat_fail(&why, CHAT_BAD_MESSAGE, "is not that of its segment");
	index_report_wrong(&disk->journal, number, &why);
	return false;
}

/* Writes the index file of a segment that was scanned, and opens it. */
static int
index_make(struct disk_journal *disk, uint32_t number, const struct scan *scan,
	struct index_file *index, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(name, number, SEGMENT_INDEX);
	if (recovery_sync_lines(disk, number, err) < 0 ||
		index_file_write(&scan->index, scan->good_bytes, disk->dir_fd, name, err) < 0)
		return -1;
	return index_file_open(index, disk->dir_fd, name, scan->good_bytes, err);
}

static uint64_t
lines_bytes(const struct disk_journal *disk, uint32_t number)
{
	char name[SEGMENT_NAME_MAX];
	uint64_t bytes;

	journal_dir_file_size(disk->dir_fd, segment_name(name, number, SEGMENT_LINES), &bytes);
	return bytes;
}

int
recovery_index_open(struct disk_journal *disk, uint32_t number, bool check,
	struct index_file *index, struct chat_err *err)
{
	struct scan scan;
	int result = 1; /* the file must be made */

	if (!check)
		result = index_open_if_valid(&disk->journal, index, disk->dir_fd, number,
			lines_bytes(disk, number), err);
	if (result <= 0)
		return result;
	if (repair_check_segment(disk, number, &scan, err) < 0)
		return -1;
	if (check)
		result = index_open_if_valid(
			&disk->journal, index, disk->dir_fd, number, scan.good_bytes, err);
	if (result > 0 || (result == 0 && !index_fits(disk, index, &scan, number)))
		result = index_make(disk, number, &scan, index, err);
	scan_free(&scan);
	return result;
}
