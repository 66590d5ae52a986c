/*
 * What is in the directory at the start, and is it what was written? The segment that grew is read
 * whole, and the newest of the closed ones; of the others the index tells enough.
 */
#include "serve/journal/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/journal/dir.h"
#include "serve/journal/scan.h"

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

/* A name in the directory: of a segment, of a file beside it, of what was being written, or none
 * of ours. */
static int
list_name(
	struct disk_journal *disk, struct numbers *numbers, const char *name, struct chat_err *err)
{
	uint32_t number = segment_number(name, SEGMENT_LINES);
	struct chat_err why;

	if (segment_name_is_temporary(name) || strcmp(name, REMOVED_NAME ".new") == 0)
		unlinkat(disk->dir_fd, name, 0);
	if (number)
		numbers_add(numbers, number);
	if (!segment_name_is_any(name) || journal_dir_check_file(disk->dir_fd, name, &why) == 0)
		return 0;
	return chat_fail(err, why.code, "%s/%s", disk->options.dir, why.text);
}

/* Finds the segments, ascending; what was being written when a server ended is removed. */
static int
list_segments(struct disk_journal *disk, struct numbers *numbers, struct chat_err *err)
{
	int fd = openat(disk->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return chat_fail(err, CHAT_CANNOT_OPEN, "%s: %m", disk->options.dir);
	}
	while (result == 0 && (errno = 0, entry = readdir(dir)))
		result = list_name(disk, numbers, entry->d_name, err);
	if (result == 0 && errno)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: %m", disk->options.dir);
	closedir(dir);
	if (numbers->count)
		qsort(numbers->at, numbers->count, sizeof(*numbers->at), by_number);
	return result;
}

static uint64_t
file_bytes(const struct disk_journal *disk, uint32_t number, enum segment_file which)
{
	char name[SEGMENT_NAME_MAX];
	uint64_t bytes;

	journal_dir_file_size(disk->dir_fd, segment_name(name, number, which), &bytes);
	return bytes;
}

/* ---- one segment after the other ---- */

static int
fail_disorder(const struct disk_journal *disk, uint32_t number, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return chat_fail(err, CHAT_BAD_MESSAGE,
		"%s/%s: its messages do not follow those of the segment before", disk->options.dir,
		segment_name(name, number, SEGMENT_LINES));
}

/*
 * A segment holds these messages; those of all segments ascend. Before one whose predecessor is
 * gone, so are theirs: of any channel, where nothing says of which.
 */
static int
note_messages(struct disk_journal *disk, uint32_t number, const struct journal_index *index,
	struct chat_err *err)
{
	const struct epochs *known = &disk->epochs;

	if (index->base < disk->last ||
		(known->count && index->epochs.count &&
			index->epochs.at[0].epoch < known->at[known->count - 1].epoch))
		return fail_disorder(disk, number, err);
	if (number > disk->known_number + 1) {
		disk->removed = index->base;
		if (!removed_file_names(disk->told_removed, disk->known_number + 1, number - 1))
			disk->gone = index->base;
	}
	disk->known_number = number;
	disk->last = index->last;
	if (disk->timestamp_ms < index->timestamp_ms)
		disk->timestamp_ms = index->timestamp_ms;
	for (uint32_t i = 0; i < index->epochs.count; i++)
		epochs_note(&disk->epochs, index->epochs.at[i].epoch, index->epochs.at[i].last);
	return 0;
}

/* What is known of a closed segment, by its index. */
static int
note_segment(struct disk_journal *disk, uint32_t number, const struct index_file *index,
	struct chat_err *err)
{
	const struct index_head *head = &index->head;
	struct journal_index messages = {
		.base = head->base,
		.last = head->last,
		.timestamp_ms = head->timestamp_ms,
		.epochs = {.at = (struct epoch *)index->epochs, .count = head->epochs},
	};

	if (head->positions && note_messages(disk, number, &messages, err) < 0)
		return -1;
	if (number == disk->known_number + 1)
		disk->known_number = number;
	journal_note_closed(disk,
		(struct closed_segment){
			.number = number,
			.base = head->base,
			.last = head->last,
			.timestamp_ms = head->timestamp_ms,
			.lines_bytes = head->lines_bytes,
			.bytes = head->lines_bytes + file_bytes(disk, number, SEGMENT_SUMS) +
				file_bytes(disk, number, SEGMENT_INDEX),
		});
	for (uint32_t i = 0; i < head->channels; i++)
		journal_tally(disk, chat_span_of(index->channels[i].name), number,
			index->channels[i].count);
	journal_tallied(disk);
	return 0;
}

/* What is there is on the disk from now on: it is about to be shown. */
static int
lines_sync(struct disk_journal *disk, uint32_t number, struct chat_err *err)
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

/* Whether the index at hand is that of the lines, which were all read. */
static bool
index_fits(const struct disk_journal *disk, struct index_file *index, const struct scan *scan,
	uint32_t number)
{
	struct chat_err why;

	if (index_file_matches(index, &scan->index))
		return true;
	index_file_close(index);
	chat_fail(&why, CHAT_BAD_MESSAGE, "is not that of its segment");
	index_warn(&disk->journal, number, &why);
	return false;
}

static int
index_make(struct disk_journal *disk, uint32_t number, const struct scan *scan,
	struct index_file *index, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	segment_name(name, number, SEGMENT_INDEX);
	if (lines_sync(disk, number, err) < 0 ||
		index_file_write(&scan->index, scan->good_bytes, disk->dir_fd, name, err) < 0)
		return -1;
	return index_file_open(index, disk->dir_fd, name, scan->good_bytes, err);
}

int
recovery_index_open(struct disk_journal *disk, uint32_t number, bool check,
	struct index_file *index, struct chat_err *err)
{
	struct scan scan;
	int result = 1; /* it is to be made */

	if (!check)
		result = index_open_if_valid(&disk->journal, index, disk->dir_fd, number,
			file_bytes(disk, number, SEGMENT_LINES), err);
	if (result <= 0)
		return result;
	if (journal_segment_check(disk, number, &scan, err) < 0)
		return -1;
	if (check)
		result = index_open_if_valid(
			&disk->journal, index, disk->dir_fd, number, scan.good_bytes, err);
	if (result > 0 || (result == 0 && !index_fits(disk, index, &scan, number)))
		result = index_make(disk, number, &scan, index, err);
	scan_free(&scan);
	return result;
}

static int
closed_open(struct disk_journal *disk, uint32_t number, bool check, struct chat_err *err)
{
	struct index_file index;
	int result;

	if (recovery_index_open(disk, number, check, &index, err) < 0)
		return -1;
	result = note_segment(disk, number, &index, err);
	index_file_close(&index);
	return result;
}

/* This server's epoch is behind all that were. */
static void
epoch_advance(struct disk_journal *disk, uint64_t begun)
{
	const struct epochs *epochs = &disk->epochs;

	if (epochs->count && begun < epochs->at[epochs->count - 1].epoch)
		begun = epochs->at[epochs->count - 1].epoch;
	if (disk->epoch <= begun)
		disk->epoch = begun + 1;
}

/* The newest segment goes on growing. */
static int
active_reopen(struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err)
{
	if (lines_sync(disk, number, err) < 0 ||
		(scan->index.count && note_messages(disk, number, &scan->index, err) < 0))
		return -1;
	epoch_advance(disk, scan->epoch);
	if (scan->epoch)
		disk->active = segment_reopen(
			disk->dir_fd, number, scan->good_bytes, scan->sums.len, &scan->index, err);
	else
		disk->active = segment_create(disk->dir_fd, number, disk->epoch, err);
	return disk->active ? 0 : -1;
}

static int
active_open(struct disk_journal *disk, uint32_t number, struct chat_err *err)
{
	struct scan scan;
	int result;

	if (journal_segment_check(disk, number, &scan, err) < 0)
		return -1;
	result = active_reopen(disk, number, &scan, err);
	scan_free(&scan);
	return result;
}

static int
segments_open(struct disk_journal *disk, const struct numbers *numbers, struct chat_err *err)
{
	size_t last = numbers->count - 1, check = last;
	uint64_t checked = 0;

	while (check > 0) {
		checked += file_bytes(disk, numbers->at[check - 1], SEGMENT_LINES);
		if (checked > CHECK_BYTES)
			break;
		check--;
	}
	for (size_t i = 0; i < last; i++)
		if (closed_open(disk, numbers->at[i], disk->options.repair || i >= check, err) < 0)
			return -1;
	return active_open(disk, numbers->at[last], err);
}

/* What comes after these has to have a number, too. */
static int
check_numbers(const struct disk_journal *disk, const struct numbers *numbers, struct chat_err *err)
{
	if (disk->last + UINT32_MAX > MESSAGE_NUMBER_MAX || disk->epoch >= MESSAGE_EPOCH_MAX ||
		(numbers->count && numbers->at[numbers->count - 1] >= SEGMENT_NUMBER_MAX))
		return chat_fail(err, CHAT_BAD_MESSAGE,
			"%s: its numbers leave none for what is to come", disk->options.dir);
	return 0;
}

/* The first segment of all, or the next one where others were and are not there. */
static int
first_create(struct disk_journal *disk, struct chat_err *err)
{
	uint32_t gone = removed_file_last_segment(disk->told_removed);

	disk->active = segment_create(
		disk->dir_fd, gone < SEGMENT_NUMBER_MAX / 2 ? gone + 1 : 1, disk->epoch, err);
	return disk->active ? 0 : -1;
}

/* A file that cannot be believed is written again. */
static void
read_removed(struct disk_journal *disk, struct removed_file *removed)
{
	struct chat_err why;

	if (removed_file_read(removed, disk->dir_fd, &why) >= 0)
		return;
	journal_warn(&disk->journal, "%s; of which channels messages were removed is not known",
		why.text);
	disk->removed_due = true;
}

static int
recover(struct disk_journal *disk, const struct numbers *numbers, struct chat_err *err)
{
	size_t count = numbers->count;
	int result = count ? segments_open(disk, numbers, err) : first_create(disk, err);

	if (result == 0)
		journal_know_removed(disk, disk->told_removed,
			count ? numbers->at[count - 1] == count : disk->active->number == 1);
	if (result == 0 && disk->options.sync != JOURNAL_SYNC_NEVER && fsync(disk->dir_fd) < 0)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: sync: %m", disk->options.dir);
	return result == 0 ? check_numbers(disk, numbers, err) : -1;
}

int
journal_recover(struct disk_journal *disk, struct chat_err *err)
{
	struct numbers numbers = {0};
	struct removed_file removed = {0};
	int result = list_segments(disk, &numbers, err);

	disk->epoch = (uint64_t)chat_unix_ms();
	if (result == 0) {
		read_removed(disk, &removed);
		disk->told_removed = &removed;
		result = recover(disk, &numbers, err);
		disk->told_removed = NULL;
	}
	removed_file_free(&removed);
	free(numbers.at);
	return result;
}
