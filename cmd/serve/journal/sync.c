/* Collects what must be synced into one job of the sync thread. */
#include "serve/journal/sync.h"

void
sync_start(struct disk_journal *disk, bool sums)
{
	bool sync = disk->options.sync != JOURNAL_SYNC_NEVER;
	struct sync_job job = {
		.active = disk->segments.active,
		.removed_active = disk->segments.active_removed,
		.changed =
			!disk->failure.truncate_due && !segment_size_matches(disk->segments.active),
		.lines = sync && disk->unsynced.lines,
		.sums = sync && sums && disk->unsynced.sums,
		.full = disk->segments.full,
		.sync = sync,
		.removed = sync && disk->removals.unsynced,
		.dir = sync && disk->unsynced.dir,
		.dir_fd = disk->dir_fd,
		.path = disk->options.dir,
		.ticket = disk->tickets.written,
	};

	if (job.lines) {
		job.written_sums = disk->segments.active->sums;
		disk->segments.active->sums = (struct chat_buf){0};
		disk->segments.active->sums_bytes += job.written_sums.len;
	}
	disk->segments.finishing = disk->segments.full;
	disk->segments.full = NULL;
	disk->unsynced.lines = disk->unsynced.dir = disk->removals.unsynced = false;
	if (sums)
		disk->unsynced.sums = disk->unsynced.sums_due = false;
	sync_thread_submit(&disk->sync_thread, &job);
}
