/*
 * The journal's use of the file `removed` (removed_file.h). It is written when segments are removed
 * and read when the server starts. So a reader of a channel is told that messages are missing, also
 * after a restart, and readers of other channels are not.
 */
#include "serve/journal/removed_messages.h"

#include "serve/journal/closed_stats.h"
#include "serve/journal/message_id.h"
#include "text/buf.h"

/* ---- writing ---- */

/* Appends the range from segment `first` to the one before segment `behind`, unless it is empty. */
static void
ranges_add(struct chat_buf *ranges, uint32_t first, uint32_t behind)
{
	struct removed_range range = {first, behind - 1};

	if (first < behind)
		chat_buf_append(ranges, &range, sizeof(range));
}

/* Lists the segments that are missing or will be deleted. */
static void
ranges_list(const struct disk_journal *disk, struct chat_buf *ranges)
{
	const struct segment *oldest_open = disk->segments.finishing;
	uint32_t next = 1;

	if (!oldest_open)
		oldest_open = disk->segments.full ? disk->segments.full : disk->segments.active;

	for (size_t i = 0; i < disk->closed.count; i++)
		if (!disk->closed.at[i].removing) {
			ranges_add(ranges, next, disk->closed.at[i].number);
			next = disk->closed.at[i].number + 1;
		}
	ranges_add(ranges, next, oldest_open->number);
}

void
removed_messages_write(struct disk_journal *disk)
{
	struct chat_buf ranges = {0};
	struct chat_err err;
	bool failed;

	ranges_list(disk, &ranges);
	failed = removed_file_write(
			 disk->dir_fd, &disk->stats, disk->removals.unknown, &ranges, &err) < 0;
	chat_buf_free(&ranges);
	if (failed && !disk->removals.failed)
		journal_warn(&disk->journal,
			"%s; after a restart it is not known of which channels messages were "
			"removed",
			err.text);
	if (!failed)
		disk->removals.unsynced = disk->unsynced.dir = true;
	disk->removals.failed = failed;
	disk->removals.write_due = false;
}

/* ---- at the start ---- */

/*
 * Returns true if the file can belong to these segments: it names no segment after the active one,
 * and no message after the last one. If the active segment has no message, its message numbers only
 * have to be possible.
 */
static bool
file_fits(const struct disk_journal *disk, const struct removed_file *removed)
{
	return removed_file_last_segment(removed) < disk->segments.active->number &&
		(removed->newest <= disk->recovered.last ||
			(!disk->segments.active->index.count &&
				removed->newest <= MESSAGE_NUMBER_MAX / 2));
}

/* Records the removed messages that the file names. */
static void
file_apply(struct disk_journal *disk, const struct removed_file *removed)
{
	if (disk->recovered.last < removed->newest)
		disk->recovered.last = removed->newest; /* no number may be given twice */
	if (disk->removals.newest < removed->newest)
		disk->removals.newest = removed->newest;
	if (disk->removals.unknown < removed->head.unknown)
		disk->removals.unknown = removed->head.unknown;
	removed_file_apply(removed, &disk->stats);
	closed_stats_evict(disk);
}

/* Returns true if the file is incomplete. applied: its content was recorded by file_apply. */
static bool
file_is_outdated(const struct disk_journal *disk, const struct removed_file *removed, bool applied)
{
	return removed->bytes ? !applied || disk->removals.unknown > removed->head.unknown
			      : disk->removals.newest > 0;
}

void
removed_messages_load(struct disk_journal *disk, const struct removed_file *removed, bool all_there)
{
	bool fits = file_fits(disk, removed), applied = fits && !all_there;

	if (!fits) {
		journal_warn(&disk->journal,
			"%s: is not that of these segments; of which channels messages were "
			"removed is not known",
			REMOVED_NAME);
		disk->removals.unknown = disk->removals.newest = disk->recovered.last;
	} else if (applied) {
		file_apply(disk, removed);
	}
	if (disk->removals.write_due || file_is_outdated(disk, removed, applied))
		removed_messages_write(disk);
}
