/*
 * The periodic work of a journal: ten times a second it starts a sync if needed, and tests if a
 * failed disk works again; once a second or more often it checks that its files are in place; once
 * a minute it removes old segments.
 */
#include "serve/journal/periodic.h"

#include <unistd.h>

#include "serve/journal/retention.h"
#include "serve/journal/rotate.h"
#include "serve/journal/sync.h"
#include "serve/journal/write_failure.h"

#define TIMER_MS 100 /* JOURNAL_SYNC_BATCH: a power failure loses about this much */
#define RETENTION_TICKS 600 /* timer calls between two runs of retention */
#define CHECK_TICKS 10 /* timer calls between two checks of the files if nothing is written */
#define PROBE_BYTES 4096

/*
 * Tests if messages can be written again: writes zeros at the end of the active segment, and
 * removes them again.
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
