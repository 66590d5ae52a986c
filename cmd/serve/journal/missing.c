/*
 * Which segments of a journal are missing, and of which channels their messages were: what the file
 * `removed` is told while it runs, and what is believed of it at the start.
 */
#include "serve/journal/file.h"

#include "chat/buf.h"
#include "serve/journal/line.h"

/* ---- what is not there ---- */

static void
gaps_add(struct chat_buf *gaps, uint32_t first, uint32_t behind)
{
	struct removed_gap gap = {first, behind - 1};

	if (first < behind)
		chat_buf_append(gaps, &gap, sizeof(gap));
}

/* The segments that are not there, or leave. */
static void
gaps_list(const struct journal_file *file, struct chat_buf *gaps)
{
	const struct segment *open = file->finishing ? file->finishing
		: file->full                         ? file->full
						     : file->active;
	uint32_t next = 1;

	for (size_t i = 0; i < file->closed_count; i++)
		if (!file->closed[i].leaves) {
			gaps_add(gaps, next, file->closed[i].number);
			next = file->closed[i].number + 1;
		}
	gaps_add(gaps, next, open->number);
}

void
journal_write_removed(struct journal_file *file)
{
	struct chat_buf gaps = {0};
	struct chat_err err;
	bool failed;

	gaps_list(file, &gaps);
	failed = removed_file_write(file->dir_fd, &file->tallies, file->gone, &gaps, &err) < 0;
	chat_buf_free(&gaps);
	if (failed && !file->removed_failed)
		journal_warn(&file->journal,
			"%s; after a restart it is not known of which channels messages were "
			"removed",
			err.text);
	if (!failed)
		file->removed_dirty = file->dir_dirty = true;
	file->removed_failed = failed;
	file->removed_due = false;
}

/* ---- at the start ---- */

/*
 * Whether the file is of what is there: no segment that it misses is behind the newest, no number
 * behind the last. What has nothing in it has no last number.
 */
static bool
removed_fits(const struct journal_file *file, const struct removed_file *removed)
{
	return removed_file_last(removed) < file->active->number &&
		(removed->newest <= file->last ||
			(!file->active->index.count && removed->newest <= MESSAGE_NUMBER_MAX / 2));
}

static void
removed_tell(struct journal_file *file, const struct removed_file *removed)
{
	if (file->last < removed->newest)
		file->last = removed->newest; /* so that no number is given twice */
	if (file->removed < removed->newest)
		file->removed = removed->newest;
	if (file->gone < removed->head.any)
		file->gone = removed->head.any;
	removed_file_tell(removed, &file->tallies);
	journal_tallied(file);
}

/* What is on the disk is not what is known. */
static bool
removed_is_due(const struct journal_file *file, const struct removed_file *removed, bool told)
{
	return removed->bytes ? !told || file->gone > removed->head.any : file->removed > 0;
}

void
journal_know_removed(struct journal_file *file, const struct removed_file *removed, bool all_there)
{
	bool fits = removed_fits(file, removed), told = fits && !all_there;

	if (!fits) {
		journal_warn(&file->journal,
			"%s: is not that of these segments; of which channels messages were "
			"removed is not known",
			REMOVED_NAME);
		file->gone = file->removed = file->last;
	} else if (told) {
		removed_tell(file, removed);
	}
	if (file->removed_due || removed_is_due(file, removed, told))
		journal_write_removed(file);
}
