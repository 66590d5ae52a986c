/*
 * Opens a journal: checks that the segments in the directory are what was written, and sets the
 * state of the journal. The newest segment and some of the newest closed segments are scanned
 * completely; for the others the index file is enough.
 */
#include "serve/journal/recovery.h"

#include <stdlib.h>
#include <unistd.h>

#include "serve/journal/closed_stats.h"
#include "serve/journal/dir.h"
#include "serve/journal/epoch_file.h"
#include "serve/journal/recovery_index.h"
#include "serve/journal/removed_messages.h"
#include "serve/journal/repair.h"
#include "serve/journal/segment_list.h"
#include "text/clock.h"
#include "text/err.h"

#define CHECK_BYTES ((uint64_t)64 << 20) /* limit of the closed segments that are scanned */

/* ---- what the segments say ---- */

static uint64_t
file_bytes(const struct disk_journal *disk, uint32_t number, enum segment_file file)
{
	char name[SEGMENT_NAME_MAX];
	uint64_t bytes;

	journal_dir_file_size(disk->dir_fd, segment_name(name, number, file), &bytes);
	return bytes;
}

static int
fail_disorder(const struct disk_journal *disk, uint32_t number, struct chat_err *err)
{
	char name[SEGMENT_NAME_MAX];

	return chat_fail(err, CHAT_BAD_MESSAGE,
		"%s/%s: its messages do not follow those of the segment before", disk->options.dir,
		segment_name(name, number, SEGMENT_LINES));
}

/*
 * Records the messages of a segment, which must be newer than those of older segments. If segments
 * before it are missing, their messages count as removed; unless the file `removed` names these
 * segments, any channel may have had messages in them. Returns 0, or -1 with CHAT_BAD_MESSAGE.
 */
static int
note_messages(struct disk_journal *disk, uint32_t number, const struct journal_index *index,
	struct chat_err *err)
{
	const struct epochs *known = &disk->recovered.epochs;

	if (index->base < disk->recovered.last ||
		(known->count && index->epochs.count &&
			index->epochs.at[0].epoch < known->at[known->count - 1].epoch))
		return fail_disorder(disk, number, err);
	if (number > disk->recovered.last_segment + 1) {
		disk->removals.newest = index->base;
		if (!removed_file_names(disk->recovered.removed_file,
			    disk->recovered.last_segment + 1, number - 1))
			disk->removals.unknown = index->base;
	}
	disk->recovered.last_segment = number;
	disk->recovered.last = index->last;
	if (disk->recovered.timestamp_ms < index->timestamp_ms)
		disk->recovered.timestamp_ms = index->timestamp_ms;
	for (uint32_t i = 0; i < index->epochs.count; i++)
		epochs_note(&disk->recovered.epochs, index->epochs.at[i].epoch,
			index->epochs.at[i].last);
	return 0;
}

/* Records a closed segment and its messages, from its index. */
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
	if (number == disk->recovered.last_segment + 1)
		disk->recovered.last_segment = number;
	closed_segments_add(&disk->closed,
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
		closed_stats_add(disk, chat_span_of(index->channels[i].name), number,
			index->channels[i].count);
	closed_stats_evict(disk);
	return 0;
}

/* ---- opening segments ---- */

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

/* Makes this server's epoch higher than all recorded ones and than `begun`. */
static void
epoch_advance(struct disk_journal *disk, uint64_t begun)
{
	const struct epochs *epochs = &disk->recovered.epochs;

	if (epochs->count && begun < epochs->at[epochs->count - 1].epoch)
		begun = epochs->at[epochs->count - 1].epoch;
	if (disk->epoch <= begun)
		disk->epoch = begun + 1;
}

/*
 * Makes the newest segment, which was scanned, the active one. Creates it again if it has no
 * header.
 */
static int
active_reopen(struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err)
{
	if (recovery_sync_lines(disk, number, err) < 0 ||
		(scan->index.count && note_messages(disk, number, &scan->index, err) < 0))
		return -1;
	epoch_advance(disk, scan->epoch);
	if (scan->epoch)
		disk->segments.active = segment_reopen(
			disk->dir_fd, number, scan->good_bytes, scan->sums.len, &scan->index, err);
	else
		disk->segments.active =
			segment_create(disk->dir_fd, number, disk->epoch, delays_sums(disk), err);
	return disk->segments.active ? 0 : -1;
}

static int
active_open(struct disk_journal *disk, uint32_t number, struct chat_err *err)
{
	struct scan scan;
	int result;

	if (repair_check_segment(disk, number, &scan, err) < 0)
		return -1;
	result = active_reopen(disk, number, &scan, err);
	scan_free(&scan);
	return result;
}

/* Opens all segments, the oldest first. The list must not be empty. */
static int
segments_open(struct disk_journal *disk, const struct segment_list *list, struct chat_err *err)
{
	size_t last = list->count - 1, check = last;
	uint64_t checked = 0;

	while (check > 0) {
		checked += file_bytes(disk, list->at[check - 1], SEGMENT_LINES);
		if (checked > CHECK_BYTES)
			break;
		check--;
	}
	for (size_t i = 0; i < last; i++)
		if (closed_open(disk, list->at[i], disk->options.repair || i >= check, err) < 0)
			return -1;
	return active_open(disk, list->at[last], err);
}

/* ---- all of it ---- */

/* Fails if there are too few unused numbers of messages, segments or epochs. */
static int
check_numbers(
	const struct disk_journal *disk, const struct segment_list *list, struct chat_err *err)
{
	if (disk->recovered.last + UINT32_MAX > MESSAGE_NUMBER_MAX ||
		disk->epoch >= MESSAGE_EPOCH_MAX ||
		(list->count && list->at[list->count - 1] >= SEGMENT_NUMBER_MAX))
		return chat_fail(err, CHAT_BAD_MESSAGE,
			"%s: its numbers leave none for what is to come", disk->options.dir);
	return 0;
}

/* Creates the first segment. Its number is above those that the file `removed` names. */
static int
first_create(struct disk_journal *disk, struct chat_err *err)
{
	uint32_t missing = removed_file_last_segment(disk->recovered.removed_file);

	disk->segments.active =
		segment_create(disk->dir_fd, missing < SEGMENT_NUMBER_MAX / 2 ? missing + 1 : 1,
			disk->epoch, delays_sums(disk), err);
	return disk->segments.active ? 0 : -1;
}

/* Reads the file `removed`. If it is damaged or cannot be read, it will be written again. */
static void
read_removed(struct disk_journal *disk, struct removed_file *removed)
{
	struct chat_err why;

	if (removed_file_read(removed, disk->dir_fd, &why) >= 0)
		return;
	journal_warn(&disk->journal, "%s; of which channels messages were removed is not known",
		why.text);
	disk->removals.write_due = true;
}

/* Makes this server's epoch higher than that of the last start, whatever the clock says. */
static void
epoch_begin(struct disk_journal *disk)
{
	uint64_t last = epoch_file_read(disk->dir_fd);

	disk->epoch = (uint64_t)chat_unix_ms();
	if (disk->epoch <= last)
		disk->epoch = last + 1;
}

/* If the disk is full now, group_commit.c tries it again. */
static void
epoch_note(struct disk_journal *disk)
{
	struct chat_err err;

	disk->epoch_due = epoch_file_write(disk->dir_fd, disk->epoch, &err) < 0;
	if (disk->epoch_due)
		journal_warn(&disk->journal, "%s", err.text);
}

static int
recover(struct disk_journal *disk, const struct segment_list *list, struct chat_err *err)
{
	size_t count = list->count;
	int result = count ? segments_open(disk, list, err) : first_create(disk, err);

	if (result == 0)
		removed_messages_load(disk, disk->recovered.removed_file,
			count ? list->at[count - 1] == count : disk->segments.active->number == 1);
	if (result == 0)
		epoch_note(disk);
	if (result == 0 && fsync(disk->dir_fd) < 0 && disk->options.sync != JOURNAL_SYNC_NEVER)
		result = chat_fail(err, CHAT_IO_ERROR, "%s: sync: %m", disk->options.dir);
	return result == 0 ? check_numbers(disk, list, err) : -1;
}

int
recovery_run(struct disk_journal *disk, struct chat_err *err)
{
	struct segment_list list = {0};
	struct removed_file removed = {0};
	int result = segment_list_read(&list, disk->dir_fd, disk->options.dir, err);

	epoch_begin(disk);
	if (result == 0) {
		read_removed(disk, &removed);
		disk->recovered.removed_file = &removed;
		result = recover(disk, &list, err);
		disk->recovered.removed_file = NULL;
	}
	removed_file_free(&removed);
	free(list.at);
	return result;
}
