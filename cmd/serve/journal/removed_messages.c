/*
 * Which segments of a journal are missing, and of which channels their messages were: what the file
 * `removed` is told while it runs, and what is believed of it at the start.
 */
#include "serve/journal/state.h"

#include "chat/buf.h"
#include "serve/journal/line.h"

/* ---- what is not there ---- */

static void
gaps_add(struct chat_buf *gaps, uint32_t first, uint32_t behind)
{
	struct removed_range gap = {first, behind - 1};

	if (first < behind)
		chat_buf_append(gaps, &gap, sizeof(gap));
}

/* The segments that are not there, or leave. */
static void
gaps_list(const struct disk_journal *disk, struct chat_buf *gaps)
{
	const struct segment *open = disk->finishing ? disk->finishing
		: disk->full                         ? disk->full
						     : disk->active;
	uint32_t next = 1;

	for (size_t i = 0; i < disk->closed_count; i++)
		if (!disk->closed[i].leaves) {
			gaps_add(gaps, next, disk->closed[i].number);
			next = disk->closed[i].number + 1;
		}
	gaps_add(gaps, next, open->number);
}

void
journal_write_removed(struct disk_journal *disk)
{
	struct chat_buf gaps = {0};
	struct chat_err err;
	bool failed;

	gaps_list(disk, &gaps);
	failed = removed_file_write(disk->dir_fd, &disk->stats, disk->gone, &gaps, &err) < 0;
	chat_buf_free(&gaps);
	if (failed && !disk->removed_failed)
		journal_warn(&disk->journal,
			"%s; after a restart it is not known of which channels messages were "
			"removed",
			err.text);
	if (!failed)
		disk->removed_dirty = disk->dir_dirty = true;
	disk->removed_failed = failed;
	disk->removed_due = false;
}

/* ---- at the start ---- */

/*
 * Whether the file is of what is there: no segment that it misses is behind the newest, no number
 * behind the last. What has nothing in it has no last number.
 */
static bool
removed_fits(const struct disk_journal *disk, const struct removed_file *removed)
{
	return removed_file_last_segment(removed) < disk->active->number &&
		(removed->newest <= disk->last ||
			(!disk->active->index.count && removed->newest <= MESSAGE_NUMBER_MAX / 2));
}

static void
removed_tell(struct disk_journal *disk, const struct removed_file *removed)
{
	if (disk->last < removed->newest)
		disk->last = removed->newest; /* so that no number is given twice */
	if (disk->removed < removed->newest)
		disk->removed = removed->newest;
	if (disk->gone < removed->head.any)
		disk->gone = removed->head.any;
	removed_file_apply(removed, &disk->stats);
	journal_tallied(disk);
}

/* What is on the disk is not what is known. */
static bool
removed_is_due(const struct disk_journal *disk, const struct removed_file *removed, bool told)
{
	return removed->bytes ? !told || disk->gone > removed->head.any : disk->removed > 0;
}

void
journal_know_removed(struct disk_journal *disk, const struct removed_file *removed, bool all_there)
{
	bool fits = removed_fits(disk, removed), told = fits && !all_there;

	if (!fits) {
		journal_warn(&disk->journal,
			"%s: is not that of these segments; of which channels messages were "
			"removed is not known",
			REMOVED_NAME);
		disk->gone = disk->removed = disk->last;
	} else if (told) {
		removed_tell(disk, removed);
	}
	if (disk->removed_due || removed_is_due(disk, removed, told))
		journal_write_removed(disk);
}
