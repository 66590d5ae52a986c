/*
 * The end of the tick on the disk. A message is durable when its bytes and nobody else's are where
 * the segment says they are; whatever goes wrong on the way there takes the whole batch back, so
 * that a line is in the journal if, and only if, somebody may see it.
 */
#include "serve/journal/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"

#define RETAIN_TURNS 600 /* of the timer */
#define LOOK_TURNS 10 /* where nothing is written: whether all is still there */
#define PROBE_BYTES 4096
#define SUMS_KEPT ((size_t)1 << 20) /* bytes of memory of a buffer that is not in use */

static struct disk_journal *
file_of(struct journal *journal)
{
	return (struct disk_journal *)journal;
}

/* ---- trouble ---- */

static void
file_trouble(struct disk_journal *disk, const struct chat_err *err)
{
	if (strcmp(disk->journal.trouble, err->text) == 0)
		return;
	journal_warn(
		&disk->journal, "%s; no messages are taken until it can be written", err->text);
	memcpy(disk->journal.trouble, err->text, sizeof(disk->journal.trouble));
}

static void
file_well(struct disk_journal *disk)
{
	if (!*disk->journal.trouble)
		return;
	journal_warn(&disk->journal, "it can be written again");
	*disk->journal.trouble = '\0';
}

/* What is handed in and not written takes so much. */
static void
file_note_unwritten(struct disk_journal *disk)
{
	disk->journal.unwritten_bytes = queue_bytes(&disk->queue) + disk->sums.cap;
}

/* Everything handed in and not durable comes to nothing. */
static void
file_refuse(struct disk_journal *disk, const struct chat_err *err)
{
	disk->journal.failures++;
	queue_clear(&disk->queue);
	file_note_unwritten(disk);
	disk->overflow = false;
	disk->waits = false;
	file_trouble(disk, err);
	if (disk->told == disk->ticket)
		return;
	disk->told = disk->ticket;
	disk->journal.events.failed(disk->journal.arg, disk->ticket, err);
}

static void
file_durable(struct disk_journal *disk, uint64_t ticket)
{
	if (ticket <= disk->told)
		return;
	disk->told = ticket;
	disk->journal.events.durable(disk->journal.arg, ticket);
}

/* ---- segments ---- */

/* A segment that grew waits for its index, and for the last of it to be on the disk. */
static void
file_push_full(struct disk_journal *disk, struct segment *segment)
{
	struct segment **end = &disk->full;

	while (*end)
		end = &(*end)->next;
	*end = segment;
}

/*
 * Begins a new segment. It is synced with its first batch; where one before it was not to be
 * trusted, it is on trial until that was seen to succeed.
 */
static int
file_rotate(struct disk_journal *disk, struct chat_err *err)
{
	/* what has nothing in it is not worth a number, unless it is somebody else's by now */
	bool again = !disk->active->index.count && !sync_thread_is_busy(&disk->sync_thread) &&
		segment_is_in_place(disk->active, disk->dir_fd, false, NULL) == 0;
	uint32_t number = disk->active->number + !again;
	struct segment *fresh;

	if (again)
		segment_remove(disk->dir_fd, number, NULL);
	fresh = segment_create(disk->dir_fd, number, disk->epoch, err);
	if (!fresh)
		return -1;
	if (again)
		segment_free(disk->active);
	else
		file_push_full(disk, disk->active);
	disk->active = fresh;
	disk->full_bytes = disk->options.segment_bytes;
	disk->dirty = disk->sums_dirty = disk->dir_dirty = true;
	disk->trial = disk->trial || disk->fresh_due;
	disk->rotate_due = disk->fresh_due = false;
	return 0;
}

/* Puts right what went wrong before. */
static int
file_mend(struct disk_journal *disk, struct chat_err *err)
{
	if (disk->cut_due && segment_truncate(disk->active, err) < 0)
		return -1;
	disk->cut_due = false;
	return disk->fresh_due ? file_rotate(disk, err) : 0;
}

/* Whether the active segment is to be closed before so many bytes are written. */
static bool
file_is_full(const struct disk_journal *disk, uint64_t bytes)
{
	const struct segment *active = disk->active;

	if (active->lines_bytes >= disk->full_bytes)
		return true;
	return disk->options.max_bytes && active->index.count &&
		segment_bytes(active) + bytes > retention_segment_share(disk);
}

/* A segment that cannot be begun now is begun later; the old one can grow a while. */
static int
file_make_channel(struct disk_journal *disk, uint64_t bytes, struct chat_err *err)
{
	disk->rotate_due = disk->rotate_due && disk->active->index.count; /* else it is as new */
	if (!disk->rotate_due && !file_is_full(disk, bytes))
		return 0;
	if (file_rotate(disk, err) == 0)
		return 0;
	if (disk->active->lines_bytes >= UINT32_MAX / 2)
		return -1;
	journal_warn(&disk->journal, "no new segment: %s", err->text);
	disk->rotate_due = false;
	disk->full_bytes = disk->active->lines_bytes + disk->options.segment_bytes / 4;
	return 0;
}

/* ---- the flush ---- */

void
journal_file_flush(struct disk_journal *disk, bool sums)
{
	bool sync = disk->options.sync != JOURNAL_SYNC_NEVER;
	struct sync_job job = {
		.active = disk->active,
		.changed = !disk->cut_due && !segment_size_matches(disk->active),
		.lines = sync && disk->dirty,
		.sums = sync && sums && disk->sums_dirty,
		.full = disk->full,
		.sync = sync,
		.removed = sync && disk->removed_dirty,
		.dir = sync && disk->dir_dirty,
		.dir_fd = disk->dir_fd,
		.path = disk->options.dir,
		.ticket = disk->written,
	};

	disk->finishing = disk->full;
	disk->full = NULL;
	disk->dirty = disk->dir_dirty = disk->removed_dirty = false;
	if (sums)
		disk->sums_dirty = disk->sums_due = false;
	sync_thread_submit(&disk->sync_thread, &job);
}

/* Segments whose index could not be written wait for the next time, and with them what is behind.
 */
static void
file_keep_full(struct disk_journal *disk)
{
	struct segment **end = &disk->finishing;

	while (*end)
		end = &(*end)->next;
	*end = disk->full;
	disk->full = disk->finishing;
	disk->finishing = NULL;
}

/* The thread is done with the segments it had. */
static void
file_close_full(struct disk_journal *disk)
{
	struct segment *segment;
	bool some = disk->finishing != NULL;

	while ((segment = disk->finishing) && segment->indexed) {
		disk->finishing = segment->next;
		journal_note_closed(disk,
			(struct closed_segment){
				.number = segment->number,
				.base = segment->index.base,
				.last = segment->index.last,
				.timestamp_ms = segment->index.timestamp_ms,
				.lines_bytes = segment->lines_bytes,
				.bytes = segment_bytes(segment),
			});
		for (struct channel_positions *channel = segment->index.channels; channel;
			channel = channel->hh.next)
			journal_tally(disk, (struct chat_span){channel->channel, channel->len},
				segment->number, channel->count);
		journal_tallied(disk);
		segment_free(segment);
	}
	disk->stuck = disk->finishing != NULL;
	file_keep_full(disk);
	if (some)
		journal_retain(disk);
}

/* Nobody has seen it. */
static void
file_take_back(struct disk_journal *disk)
{
	if (!disk->waits)
		return;
	disk->active->lines_bytes = disk->kept_lines;
	disk->active->sums_bytes = disk->kept_sums;
	index_truncate(&disk->active->index, disk->kept_lines, disk->kept_last);
	disk->cut_due = segment_truncate(disk->active, NULL) < 0;
}

/*
 * Nothing goes into this segment any more: after a sync that failed the kernel has dropped what it
 * could not write, and a second one would not say so; or its files are somebody else's by now.
 */
static void
file_leave_segment(struct disk_journal *disk, const struct sync_job *job)
{
	const char *loss = job->segment_gone ? ", its messages may be lost"
		: disk->waits                ? ""
			      : ", its last messages may not survive a loss of power";

	journal_warn(&disk->journal, "%s; the segment is closed%s", job->err.text, loss);
	if (job->active == disk->active)
		disk->fresh_due = true;
}

/* Nothing is kept where it should be. */
static void
file_flush_failed(struct disk_journal *disk, const struct sync_job *job)
{
	bool was_gone = disk->dir_gone;

	disk->dir_gone = job->dir_gone;
	if (!disk->dir_gone)
		file_leave_segment(disk, job);
	file_take_back(disk);
	if (!was_gone || !disk->dir_gone)
		file_refuse(disk, &job->err);
}

/* What is not kept for long, but was not promised yet. */
static void
file_note_flaws(struct disk_journal *disk, const struct sync_job *job)
{
	if (!job->sums_failed && !job->full_failed)
		return;
	disk->journal.failures++;
	journal_warn(
		&disk->journal, "%s; its segment may not survive a loss of power", job->err.text);
	if (job->sums_failed && job->active == disk->active)
		disk->fresh_due = true;
}

void
journal_file_flushed(void *arg, struct sync_job *job)
{
	struct disk_journal *disk = arg;

	disk->late = false;
	file_close_full(disk);
	if (job->lines_failed || job->segment_gone || job->dir_gone) {
		file_flush_failed(disk, job);
		return;
	}
	file_note_flaws(disk, job);
	disk->dir_gone = false;
	disk->trial = false;
	disk->synced_ms = disk->sync_thread.asked_ms;
	if (!disk->waits)
		return;
	disk->waits = false;
	file_durable(disk, job->ticket);
	if (!disk->fresh_due)
		file_well(disk);
}

/* ---- appending ---- */

uint64_t
group_commit_append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	struct disk_journal *disk = file_of(journal);

	disk->overflow = disk->overflow || !queue_add(&disk->queue, line, text);
	file_note_unwritten(disk);
	return ++disk->ticket;
}

/* The messages get their places in the active segment. */
static void
file_place(struct disk_journal *disk, const struct batch *portion, struct chat_buf *sums)
{
	uint64_t at = disk->active->lines_bytes;

	for (size_t i = 0; i < portion->count; i++) {
		const struct queued *message = &portion->at[i];
		char *sum = chat_buf_reserve(sums, CHECKSUM_LEN);

		index_add(&disk->active->index, &message->line,
			(struct position){
				.at = (uint32_t)at, .len = message->len, .crc = message->crc});
		at += message->len + 1;
		checksum_write(sum, message->crc, at);
		sums->len += CHECKSUM_LEN;
	}
}

/* All of it, or, with nothing of it left, -1 with errno. */
static int
file_write(struct disk_journal *disk, const struct batch *portion, struct chat_err *err)
{
	struct segment *active = disk->active;
	int error;

	disk->sums.len = 0;
	disk->kept_last = active->index.last;
	file_place(disk, portion, &disk->sums);
	disk->kept_lines = active->lines_bytes;
	disk->kept_sums = active->sums_bytes;
	if (segment_write(active, portion->lines, chat_buf_span(&disk->sums), err) == 0)
		return 0;
	error = errno;
	index_truncate(&active->index, active->lines_bytes, disk->kept_last);
	disk->cut_due = segment_truncate(active, NULL) < 0;
	errno = error;
	return -1;
}

/* A file that may grow no more (setrlimit(2)) is not the end: another one may. */
static int
file_write_somewhere(struct disk_journal *disk, const struct batch *portion, struct chat_err *err)
{
	if (file_write(disk, portion, err) == 0)
		return 0;
	if (errno != EFBIG || disk->cut_due || !disk->active->index.count)
		return -1;
	return file_rotate(disk, err) < 0 ? -1 : file_write(disk, portion, err);
}

/* ---- the end of a tick ---- */

enum written { WRITTEN, WRITTEN_NOTHING, WRITTEN_LATER };

/*
 * Whether so many bytes have to wait: segments that are full have to be closed before others can
 * be removed, and there would be too much of all. -1: they cannot be closed.
 */
static int
file_is_crowded(struct disk_journal *disk, uint64_t bytes, struct chat_err *err)
{
	uint64_t max_bytes = 2 * disk->options.max_bytes;

	if (!max_bytes || !(disk->full || disk->finishing) ||
		retention_bytes(disk) + bytes <= max_bytes)
		return 0;
	if (sync_thread_is_busy(&disk->sync_thread))
		return 1;
	if (disk->stuck)
		return chat_fail(err, CHAT_IO_ERROR,
			"it is as large as it may be, and no index can be written");
	journal_file_flush(disk, true);
	return 1;
}

/* -1: nothing is taken for now, whatever could be written. */
static int
file_prepare(struct disk_journal *disk, struct chat_err *err)
{
	bool always = disk->options.sync == JOURNAL_SYNC_ALWAYS;

	if (disk->overflow)
		return chat_fail(err, CHAT_STORAGE_FAILED, "too much at once");
	if (!disk->dir_gone && (always || !disk->late) && file_mend(disk, err) < 0)
		return -1;
	if (disk->dir_gone || (!always && (disk->late || disk->trial)))
		return chat_fail(err, CHAT_IO_ERROR, "%s", disk->journal.trouble);
	return 0;
}

/* Writes what is to be written at once; -1: nothing can be written. */
static int
file_write_portion(struct disk_journal *disk, enum written *what, struct chat_err *err)
{
	struct batch portion = queue_portion(&disk->queue, retention_segment_share(disk));
	uint64_t bytes = portion_bytes(&portion);
	int crowded;

	if (file_prepare(disk, err) < 0)
		return -1;
	crowded = file_is_crowded(disk, bytes, err);
	*what = crowded ? WRITTEN_LATER : portion.count ? WRITTEN : WRITTEN_NOTHING;
	if (crowded)
		return crowded < 0 ? -1 : 0;
	if (file_make_channel(disk, bytes, err) < 0 ||
		(portion.count && file_write_somewhere(disk, &portion, err) < 0))
		return -1;
	queue_take(&disk->queue, &portion);
	if (disk->sums.cap > SUMS_KEPT)
		chat_buf_free(&disk->sums);
	file_note_unwritten(disk);
	disk->written = disk->ticket - queue_count(&disk->queue);
	return 0;
}

/* What was written has to be synced first, or is durable. */
static void
file_written(struct disk_journal *disk)
{
	disk->dirty = disk->sums_dirty = true;
	if (disk->options.sync == JOURNAL_SYNC_ALWAYS) {
		disk->waits = true;
		journal_file_flush(disk, disk->sums_due);
		return;
	}
	if (disk->full && retention_is_over(disk, disk->options.max_bytes) &&
		!sync_thread_is_busy(&disk->sync_thread))
		journal_file_flush(disk, true);
	file_well(disk);
	file_durable(disk, disk->written);
}

/* Whether there is something to be written, and it need not wait for what was. */
static bool
file_is_due(struct disk_journal *disk)
{
	return (queue_count(&disk->queue) || disk->overflow || disk->rotate_due) &&
		!(disk->options.sync == JOURNAL_SYNC_ALWAYS &&
			sync_thread_is_busy(&disk->sync_thread));
}

void
group_commit_commit(struct journal *journal)
{
	struct disk_journal *disk = file_of(journal);
	enum written what = WRITTEN;
	struct chat_err err = {0};

	while (what == WRITTEN && file_is_due(disk)) {
		if (file_write_portion(disk, &what, &err) < 0) {
			file_refuse(disk, &err);
			return;
		}
		if (what == WRITTEN)
			file_written(disk);
	}
}

/* ---- meanwhile ---- */

/* Whether it could be written again, found out without anybody's message. */
static void
file_probe(struct disk_journal *disk)
{
	static const char zeros[PROBE_BYTES];
	struct chat_err err = {0};
	ssize_t count;

	if (disk->dir_gone)
		return;
	if (file_mend(disk, &err) < 0) {
		file_trouble(disk, &err);
		return;
	}
	count = write(disk->active->lines_fd, zeros, sizeof(zeros));
	disk->cut_due = segment_truncate(disk->active, NULL) < 0;
	if (count == sizeof(zeros) && !disk->cut_due && !disk->trial)
		file_well(disk);
}

/* The disk has the job for long. What is written meanwhile may never be on it. */
static void
file_await(struct disk_journal *disk)
{
	struct chat_err err;

	if (disk->late || sync_thread_busy_ms(&disk->sync_thread) <= disk->options.answer_ms)
		return;
	disk->late = true;
	disk->journal.failures++;
	chat_fail(&err, CHAT_IO_ERROR, "the disk has not answered for %lld ms",
		(long long)disk->options.answer_ms);
	file_trouble(disk, &err);
}

void
journal_file_tick(uv_timer_t *timer)
{
	struct disk_journal *disk = timer->data;
	bool troubled = *disk->journal.trouble || disk->cut_due || disk->fresh_due;

	if (++disk->turns % RETAIN_TURNS == 0)
		journal_retain(disk);
	disk->sums_due = disk->sums_dirty;
	if (sync_thread_is_busy(&disk->sync_thread)) {
		file_await(disk);
		return;
	}
	if (troubled)
		file_probe(disk);
	if (troubled || disk->full || disk->dirty || disk->sums_dirty ||
		disk->turns % LOOK_TURNS == 0)
		journal_file_flush(disk, true);
}

void
journal_file_rotate(struct journal *journal)
{
	file_of(journal)->rotate_due = true;
}
