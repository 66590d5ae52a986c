/*
 * Replaces the active segment by a new one: if it is full, if this was requested, or if it failed.
 */
#include "serve/journal/rotate.h"

#include "serve/journal/journal_size.h"

/*
 * The most full segments that wait to be closed. Each holds two descriptors, and a slow disk must
 * not take the descriptors of connections. When so many wait, the active segment grows beyond its
 * size, but not beyond LINES_BYTES_MAX: positions in its file of lines have 32 bits.
 */
#define UNCLOSED_MAX 16
#define LINES_BYTES_MAX (UINT32_MAX / 2)

/* Appends a segment to the list of full ones, which sync_start passes to the sync thread. */
static void
full_append(struct open_segments *segments, struct segment *segment)
{
	struct segment **end = &segments->full;

	while (*end)
		end = &(*end)->next;
	*end = segment;
}

/*
 * Returns true if the active segment has no message, the sync thread does not use it, and its names
 * lead to its files or were removed here. Then a new segment can have its number.
 */
static bool
active_is_reusable(struct disk_journal *disk)
{
	const struct open_segments *segments = &disk->segments;

	return !segments->active->index.count && !sync_thread_is_busy(&disk->sync_thread) &&
		(segments->active_removed ||
			segment_is_in_place(segments->active, disk->dir_fd, false, NULL) == 0);
}

int
rotate_segment(struct disk_journal *disk, struct chat_err *err)
{
	struct open_segments *segments = &disk->segments;
	bool reuse = active_is_reusable(disk); /* the new one has the same number */
	uint32_t number = segments->active->number + !reuse;
	struct segment *created;

	if (reuse)
		segment_remove(disk->dir_fd, number, NULL);
	segments->active_removed = reuse;
	created = segment_create(disk->dir_fd, number, disk->epoch, delays_sums(disk), err);
	if (!created)
		return -1;
	if (reuse)
		segment_free(segments->active);
	else
		full_append(segments, segments->active);
	segments->active = created;
	segments->active_removed = false;
	segments->size_limit = disk->options.segment_bytes;
	disk->unsynced.lines = disk->unsynced.sums = disk->unsynced.dir = true;
	disk->failure.on_trial = disk->failure.on_trial || disk->failure.rotate_due;
	segments->rotate_due = disk->failure.rotate_due = false;
	return 0;
}

int
rotate_after_failure(struct disk_journal *disk, struct chat_err *err)
{
	if (disk->failure.truncate_due && segment_truncate(disk->segments.active, err) < 0)
		return -1;
	disk->failure.truncate_due = false;
	return disk->failure.rotate_due ? rotate_segment(disk, err) : 0;
}

/* Returns true if the active segment must be replaced before this many bytes are written. */
static bool
is_full(const struct disk_journal *disk, uint64_t bytes)
{
	const struct segment *active = disk->segments.active;

	if (active->lines_bytes >= disk->segments.size_limit)
		return true;
	return disk->options.max_bytes && active->index.count &&
		segment_bytes(active) + bytes > journal_size_share(disk);
}

static bool
too_many_unclosed(const struct open_segments *segments)
{
	size_t count = 0;

	for (const struct segment *at = segments->full; at; at = at->next)
		count++;
	for (const struct segment *at = segments->finishing; at; at = at->next)
		count++;
	return count >= UNCLOSED_MAX && segments->active->lines_bytes < LINES_BYTES_MAX;
}

/* Returns true if the active segment cannot have this number: in its index numbers have 32 bits. */
static bool
is_too_far(const struct disk_journal *disk, uint64_t number)
{
	const struct journal_index *index = &disk->segments.active->index;

	return index->count && number > index->base && number - index->base > UINT32_MAX;
}

int
rotate_if_full(struct disk_journal *disk, uint64_t bytes, uint64_t last, struct chat_err *err)
{
	struct open_segments *segments = &disk->segments;
	bool must = is_too_far(disk, last);

	if (!segments->active->index.count)
		segments->rotate_due =
			false; /* a segment without messages is as good as a new one */
	if (!must &&
		(!(segments->rotate_due || is_full(disk, bytes)) || too_many_unclosed(segments)))
		return 0;
	if (rotate_segment(disk, err) == 0)
		return 0;
	if (must || segments->active->lines_bytes >= LINES_BYTES_MAX)
		return -1;
	journal_warn(&disk->journal, "no new segment: %s", err->text);
	segments->rotate_due = false;
	segments->size_limit = segments->active->lines_bytes + disk->options.segment_bytes / 4;
	return 0;
}

void
rotate_request(struct journal *journal)
{
	((struct disk_journal *)journal)->segments.rotate_due = true;
}
