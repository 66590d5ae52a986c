/*
 * The work of a journal ten times a second, without any message: it has the disk synced, looks
 * whether its files are still in place, tries whether a failed disk works again, and once a minute
 * removes old segments.
 */
#include "serve/journal/periodic.h"

#include <unistd.h>

#include "serve/journal/retention.h"
#include "serve/journal/rotate.h"
#include "serve/journal/sync.h"
#include "serve/journal/write_failure.h"

#define TIMER_MS 100 /* the bound of what a loss of power takes with JOURNAL_SYNC_BATCH */
#define RETENTION_TICKS 600 /* of the timer, between two runs of retention */
#define CHECK_TICKS 10 /* of the timer, between two checks of files where nothing is written */
#define PROBE_BYTES 4096

/*
 * Tries whether messages can be written again: writes zeros at the end of the active segment, and
 * cuts them off.
 */
static void
disk_probe(struct disk_journal *disk)
{
	static const char zeros[PROBE_BYTES];
	struct chat_err err = {0};
	ssize_t count;

	if (disk->failure.dir_gone)
		return;
	if (rotate_after_failure(disk, &err) < 0) {
		write_failure_set(disk, &err);
		return;
	}
	count = write(disk->segments.active->lines_fd, zeros, sizeof(zeros));
	disk->failure.truncate_due = segment_truncate(disk->segments.active, NULL) < 0;
	if (count == sizeof(zeros) && !disk->failure.truncate_due && !disk->failure.on_trial)
		write_failure_clear(disk);
}

static void
on_timer(uv_timer_t *timer)
{
	struct disk_journal *disk = timer->data;
	bool failed =
		*disk->journal.trouble || disk->failure.truncate_due || disk->failure.rotate_due;

	if (++disk->timer_ticks % RETENTION_TICKS == 0)
		retention_run(disk);
	disk->unsynced.sums_due = disk->unsynced.sums;
	if (sync_thread_is_busy(&disk->sync_thread)) {
		write_failure_check_sync(disk);
		return;
	}
	if (failed)
		disk_probe(disk);
	if (failed || disk->segments.full || disk->unsynced.lines || disk->unsynced.sums ||
		disk->timer_ticks % CHECK_TICKS == 0)
		sync_start(disk, true);
}

void
periodic_start(struct disk_journal *disk)
{
	uv_timer_init(disk->loop, &disk->timer);
	disk->timer.data = disk;
	uv_timer_start(&disk->timer, on_timer, TIMER_MS, TIMER_MS);
}
