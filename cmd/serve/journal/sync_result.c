/*
 * Handles the result of a sync on the loop's thread. With JOURNAL_SYNC_ALWAYS, a batch becomes
 * durable here, or is removed from the segment because its sync failed.
 */
#include "serve/journal/sync_result.h"

#include "serve/journal/closed_stats.h"
#include "serve/journal/group_commit.h"
#include "serve/journal/retention.h"
#include "serve/journal/write_failure.h"

/* ---- full segments ---- */

/* Moves the segments without an index file to the front of the full ones, for the next job. */
static void
finishing_return(struct open_segments *segments)
{
	struct segment **end = &segments->finishing;

	while (*end)
		end = &(*end)->next;
	*end = segments->full;
	segments->full = segments->finishing;
	segments->finishing = NULL;
}

/* Adds a full segment with an index file to the closed ones, and frees it. */
static void
segment_close(struct disk_journal *disk, struct segment *segment)
{
	closed_segments_add(&disk->closed,
		(struct closed_segment){
			.number = segment->number,
			.base = segment->index.base,
			.last = segment->index.last,
			.timestamp_ms = segment->index.timestamp_ms,
			.lines_bytes = segment->lines_bytes,
			.bytes = segment_bytes(segment),
		});
	for (const struct channel_positions *channel = segment->index.channels; channel;
		channel = channel->hh.next)
		closed_stats_add(disk, (struct chat_span){channel->channel, channel->len},
			segment->number, channel->count);
	closed_stats_evict(disk);
	segment_free(segment);
}

/* Closes the segments of the job, up to the first without an index file. */
static void
finishing_close(struct disk_journal *disk)
{
	struct open_segments *segments = &disk->segments;
	bool some = segments->finishing != NULL;
	struct segment *segment;

	while ((segment = segments->finishing) && segment->indexed) {
		segments->finishing = segment->next;
		segment_close(disk, segment);
	}
	segments->index_failed = segments->finishing != NULL;
	finishing_return(segments);
	if (some)
		retention_run(disk);
}

/* ---- a sync that failed ---- */

/*
 * Closes the active segment to new messages. Either its files were moved or changed; or a sync
 * failed: the kernel may have dropped the data, and the next sync would not report that.
 */
static void
segment_abandon(struct disk_journal *disk, const struct sync_job *job)
{
	const char *loss = "";

	if (job->segment_gone)
		loss = ", its messages may be lost";
	else if (!disk->undo.syncing)
		loss = ", its last messages may not survive a loss of power";
	journal_warn(&disk->journal, "%s; the segment is closed%s", job->err.text, loss);
	if (job->active == disk->segments.active)
		disk->failure.rotate_due = true;
}

/*
 * Handles a job after which messages may not be on the disk. Refuses all unanswered messages,
 * unless the directory was missing before and still is.
 */
static void
lines_failed(struct disk_journal *disk, const struct sync_job *job)
{
	bool was_gone = disk->failure.dir_gone;

	disk->lost_syncs++;
	disk->failure.dir_gone = job->dir_gone;
	if (!disk->failure.dir_gone)
		segment_abandon(disk, job);
	group_commit_undo(disk);
	if (!was_gone || !disk->failure.dir_gone)
		group_commit_refuse(disk, &job->err);
}

/*
 * Reports failed syncs of checksums or full segments, which do not affect the messages of this
 * batch.
 */
static void
others_failed(struct disk_journal *disk, const struct sync_job *job)
{
	if (!job->sums_failed && !job->full_failed)
		return;
	disk->journal.failures++;
	disk->lost_syncs += job->full_lost;
	journal_warn(
		&disk->journal, "%s; its segment may not survive a loss of power", job->err.text);
	if (job->sums_failed && job->active == disk->segments.active)
		disk->failure.rotate_due = true;
}

/* ---- the result ---- */

void
sync_result_apply(void *arg, struct sync_job *job)
{
	struct disk_journal *disk = arg;

	disk->failure.sync_late = false;
	finishing_close(disk);
	if (job->lines_failed || job->segment_gone || job->dir_gone) {
		lines_failed(disk, job);
		return;
	}
	others_failed(disk, job);
	disk->failure.dir_gone = false;
	disk->failure.on_trial = false;
	disk->synced_ms = disk->sync_thread.submitted_ms;
	if (!disk->undo.syncing)
		return;
	disk->undo.syncing = false;
	group_commit_report_durable(disk, job->ticket);
	if (!disk->failure.rotate_due)
		write_failure_clear(disk);
}
