/*
 * The end of the tick on the disk. A message is durable when its bytes and nobody else's are where
 * the segment says they are; whatever goes wrong on the way there takes the whole batch back, so
 * that a line is in the journal if, and only if, somebody may see it.
 */
#include "serve/journal/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/diag.h"

#define RETAIN_TURNS 600 /* of the timer */
#define LOOK_TURNS 10 /* where nothing is written: whether all is still there */
#define PROBE_BYTES 4096
#define SUMS_KEPT ((size_t)1 << 20) /* bytes of memory of a buffer that is not in use */

static struct journal_file *
file_of(struct journal *journal)
{
	return (struct journal_file *)journal;
}

/* ---- trouble ---- */

static void
file_trouble(struct journal_file *file, const struct chat_err *err)
{
	if (strcmp(file->journal.trouble, err->text) == 0)
		return;
	journal_warn(
		&file->journal, "%s; no messages are taken until it can be written", err->text);
	memcpy(file->journal.trouble, err->text, sizeof(file->journal.trouble));
}

static void
file_well(struct journal_file *file)
{
	if (!*file->journal.trouble)
		return;
	journal_warn(&file->journal, "it can be written again");
	*file->journal.trouble = '\0';
}

/* What is handed in and not written takes so much. */
static void
file_note_unwritten(struct journal_file *file)
{
	file->journal.unwritten_bytes = queue_bytes(&file->queue) + file->sums.cap;
}

/* Everything handed in and not durable comes to nothing. */
static void
file_refuse(struct journal_file *file, const struct chat_err *err)
{
	file->journal.failures++;
	queue_clear(&file->queue);
	file_note_unwritten(file);
	file->overflow = false;
	file->waits = false;
	file_trouble(file, err);
	if (file->told == file->ticket)
		return;
	file->told = file->ticket;
	file->journal.events.failed(file->journal.arg, file->ticket, err);
}

static void
file_durable(struct journal_file *file, uint64_t ticket)
{
	if (ticket <= file->told)
		return;
	file->told = ticket;
	file->journal.events.durable(file->journal.arg, ticket);
}

/* ---- segments ---- */

/* A segment that grew waits for its index, and for the last of it to be on the disk. */
static void
file_push_full(struct journal_file *file, struct segment *segment)
{
	struct segment **end = &file->full;

	while (*end)
		end = &(*end)->next;
	*end = segment;
}

/*
 * Begins a new segment. It is synced with its first batch; where one before it was not to be
 * trusted, it is on trial until that was seen to succeed.
 */
static int
file_rotate(struct journal_file *file, struct chat_err *err)
{
	/* what has nothing in it is not worth a number, unless it is somebody else's by now */
	bool again = !file->active->index.count && !flusher_is_busy(&file->flusher) &&
		segment_is_there(file->active, file->dir_fd, false, NULL) == 0;
	uint32_t number = file->active->number + !again;
	struct segment *fresh;

	if (again)
		segment_remove(file->dir_fd, number, NULL);
	fresh = segment_create(file->dir_fd, number, file->epoch, err);
	if (!fresh)
		return -1;
	if (again)
		segment_free(file->active);
	else
		file_push_full(file, file->active);
	file->active = fresh;
	file->full_bytes = file->options.segment_bytes;
	file->dirty = file->sums_dirty = file->dir_dirty = true;
	file->trial = file->trial || file->fresh_due;
	file->rotate_due = file->fresh_due = false;
	return 0;
}

/* Puts right what went wrong before. */
static int
file_mend(struct journal_file *file, struct chat_err *err)
{
	if (file->cut_due && segment_cut(file->active, err) < 0)
		return -1;
	file->cut_due = false;
	return file->fresh_due ? file_rotate(file, err) : 0;
}

/* Whether the active segment is to be closed before so many bytes are written. */
static bool
file_is_full(const struct journal_file *file, uint64_t bytes)
{
	const struct segment *active = file->active;

	if (active->lines_bytes >= file->full_bytes)
		return true;
	return file->options.max_bytes && active->index.count &&
		segment_bytes(active) + bytes > journal_share(file);
}

/* A segment that cannot be begun now is begun later; the old one can grow a while. */
static int
file_make_channel(struct journal_file *file, uint64_t bytes, struct chat_err *err)
{
	file->rotate_due = file->rotate_due && file->active->index.count; /* else it is as new */
	if (!file->rotate_due && !file_is_full(file, bytes))
		return 0;
	if (file_rotate(file, err) == 0)
		return 0;
	if (file->active->lines_bytes >= UINT32_MAX / 2)
		return -1;
	journal_warn(&file->journal, "no new segment: %s", err->text);
	file->rotate_due = false;
	file->full_bytes = file->active->lines_bytes + file->options.segment_bytes / 4;
	return 0;
}

/* ---- the flush ---- */

void
journal_file_flush(struct journal_file *file, bool sums)
{
	bool sync = file->options.sync != JOURNAL_NEVER;
	struct flush_job job = {
		.active = file->active,
		.changed = !file->cut_due && !segment_is_whole(file->active),
		.lines = sync && file->dirty,
		.sums = sync && sums && file->sums_dirty,
		.full = file->full,
		.sync = sync,
		.removed = sync && file->removed_dirty,
		.dir = sync && file->dir_dirty,
		.dir_fd = file->dir_fd,
		.path = file->options.dir,
		.ticket = file->written,
	};

	file->finishing = file->full;
	file->full = NULL;
	file->dirty = file->dir_dirty = file->removed_dirty = false;
	if (sums)
		file->sums_dirty = file->sums_due = false;
	flusher_ask(&file->flusher, &job);
}

/* Segments whose index could not be written wait for the next time, and with them what is behind.
 */
static void
file_keep_full(struct journal_file *file)
{
	struct segment **end = &file->finishing;

	while (*end)
		end = &(*end)->next;
	*end = file->full;
	file->full = file->finishing;
	file->finishing = NULL;
}

/* The thread is done with the segments it had. */
static void
file_close_full(struct journal_file *file)
{
	struct segment *segment;
	bool some = file->finishing != NULL;

	while ((segment = file->finishing) && segment->indexed) {
		file->finishing = segment->next;
		journal_note_closed(file,
			(struct closed_segment){
				.number = segment->number,
				.base = segment->index.base,
				.last = segment->index.last,
				.timestamp_ms = segment->index.timestamp_ms,
				.lines_bytes = segment->lines_bytes,
				.bytes = segment_bytes(segment),
			});
		for (struct channel_places *channel = segment->index.channels; channel;
			channel = channel->hh.next)
			journal_tally(file, (struct chat_span){channel->channel, channel->len},
				segment->number, channel->count);
		journal_tallied(file);
		segment_free(segment);
	}
	file->stuck = file->finishing != NULL;
	file_keep_full(file);
	if (some)
		journal_retain(file);
}

/* Nobody has seen it. */
static void
file_take_back(struct journal_file *file)
{
	if (!file->waits)
		return;
	file->active->lines_bytes = file->kept_lines;
	file->active->sums_bytes = file->kept_sums;
	index_cut(&file->active->index, file->kept_lines, file->kept_last);
	file->cut_due = segment_cut(file->active, NULL) < 0;
}

/*
 * Nothing goes into this segment any more: after a sync that failed the kernel has dropped what it
 * could not write, and a second one would not say so; or its files are somebody else's by now.
 */
static void
file_leave_segment(struct journal_file *file, const struct flush_job *job)
{
	const char *loss = job->segment_gone ? ", its messages may be lost"
		: file->waits                ? ""
			      : ", its last messages may not survive a loss of power";

	journal_warn(&file->journal, "%s; the segment is closed%s", job->err.text, loss);
	if (job->active == file->active)
		file->fresh_due = true;
}

/* Nothing is kept where it should be. */
static void
file_flush_failed(struct journal_file *file, const struct flush_job *job)
{
	bool was_gone = file->dir_gone;

	file->dir_gone = job->dir_gone;
	if (!file->dir_gone)
		file_leave_segment(file, job);
	file_take_back(file);
	if (!was_gone || !file->dir_gone)
		file_refuse(file, &job->err);
}

/* What is not kept for long, but was not promised yet. */
static void
file_note_flaws(struct journal_file *file, const struct flush_job *job)
{
	if (!job->sums_failed && !job->full_failed)
		return;
	file->journal.failures++;
	journal_warn(
		&file->journal, "%s; its segment may not survive a loss of power", job->err.text);
	if (job->sums_failed && job->active == file->active)
		file->fresh_due = true;
}

void
journal_file_flushed(void *arg, struct flush_job *job)
{
	struct journal_file *file = arg;

	file->late = false;
	file_close_full(file);
	if (job->lines_failed || job->segment_gone || job->dir_gone) {
		file_flush_failed(file, job);
		return;
	}
	file_note_flaws(file, job);
	file->dir_gone = false;
	file->trial = false;
	file->synced_ms = file->flusher.asked_ms;
	if (!file->waits)
		return;
	file->waits = false;
	file_durable(file, job->ticket);
	if (!file->fresh_due)
		file_well(file);
}

/* ---- appending ---- */

uint64_t
journal_file_append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	struct journal_file *file = file_of(journal);

	file->overflow = file->overflow || !queue_add(&file->queue, line, text);
	file_note_unwritten(file);
	return ++file->ticket;
}

/* The messages get their places in the active segment. */
static void
file_place(struct journal_file *file, const struct portion *portion, struct chat_buf *sums)
{
	uint64_t at = file->active->lines_bytes;

	for (size_t i = 0; i < portion->count; i++) {
		const struct unwritten *message = &portion->at[i];
		char *sum = chat_buf_reserve(sums, SEGMENT_SUM_LEN);

		index_add(&file->active->index, &message->line,
			(struct place){
				.at = (uint32_t)at, .len = message->len, .crc = message->crc});
		at += message->len + 1;
		segment_sum_write(sum, message->crc, at);
		sums->len += SEGMENT_SUM_LEN;
	}
}

/* All of it, or, with nothing of it left, -1 with errno. */
static int
file_write(struct journal_file *file, const struct portion *portion, struct chat_err *err)
{
	struct segment *active = file->active;
	int error;

	file->sums.len = 0;
	file->kept_last = active->index.last;
	file_place(file, portion, &file->sums);
	file->kept_lines = active->lines_bytes;
	file->kept_sums = active->sums_bytes;
	if (segment_write(active, portion->lines, chat_buf_span(&file->sums), err) == 0)
		return 0;
	error = errno;
	index_cut(&active->index, active->lines_bytes, file->kept_last);
	file->cut_due = segment_cut(active, NULL) < 0;
	errno = error;
	return -1;
}

/* A file that may grow no more (setrlimit(2)) is not the end: another one may. */
static int
file_write_somewhere(struct journal_file *file, const struct portion *portion, struct chat_err *err)
{
	if (file_write(file, portion, err) == 0)
		return 0;
	if (errno != EFBIG || file->cut_due || !file->active->index.count)
		return -1;
	return file_rotate(file, err) < 0 ? -1 : file_write(file, portion, err);
}

/* ---- the end of a tick ---- */

enum written { WRITTEN, WRITTEN_NOTHING, WRITTEN_LATER };

/*
 * Whether so many bytes have to wait: segments that are full have to be closed before others can
 * be removed, and there would be too much of all. -1: they cannot be closed.
 */
static int
file_is_crowded(struct journal_file *file, uint64_t bytes, struct chat_err *err)
{
	uint64_t max_bytes = 2 * file->options.max_bytes;

	if (!max_bytes || !(file->full || file->finishing) ||
		journal_bytes(file) + bytes <= max_bytes)
		return 0;
	if (flusher_is_busy(&file->flusher))
		return 1;
	if (file->stuck)
		return chat_fail(err, CHAT_IO_ERROR,
			"it is as large as it may be, and no index can be written");
	journal_file_flush(file, true);
	return 1;
}

/* -1: nothing is taken for now, whatever could be written. */
static int
file_prepare(struct journal_file *file, struct chat_err *err)
{
	bool always = file->options.sync == JOURNAL_ALWAYS;

	if (file->overflow)
		return chat_fail(err, CHAT_STORAGE_FAILED, "too much at once");
	if (!file->dir_gone && (always || !file->late) && file_mend(file, err) < 0)
		return -1;
	if (file->dir_gone || (!always && (file->late || file->trial)))
		return chat_fail(err, CHAT_IO_ERROR, "%s", file->journal.trouble);
	return 0;
}

/* Writes what is to be written at once; -1: nothing can be written. */
static int
file_write_portion(struct journal_file *file, enum written *what, struct chat_err *err)
{
	struct portion portion = queue_portion(&file->queue, journal_share(file));
	uint64_t bytes = portion_bytes(&portion);
	int crowded;

	if (file_prepare(file, err) < 0)
		return -1;
	crowded = file_is_crowded(file, bytes, err);
	*what = crowded ? WRITTEN_LATER : portion.count ? WRITTEN : WRITTEN_NOTHING;
	if (crowded)
		return crowded < 0 ? -1 : 0;
	if (file_make_channel(file, bytes, err) < 0 ||
		(portion.count && file_write_somewhere(file, &portion, err) < 0))
		return -1;
	queue_take(&file->queue, &portion);
	if (file->sums.cap > SUMS_KEPT)
		chat_buf_free(&file->sums);
	file_note_unwritten(file);
	file->written = file->ticket - queue_count(&file->queue);
	return 0;
}

/* What was written has to be synced first, or is durable. */
static void
file_written(struct journal_file *file)
{
	file->dirty = file->sums_dirty = true;
	if (file->options.sync == JOURNAL_ALWAYS) {
		file->waits = true;
		journal_file_flush(file, file->sums_due);
		return;
	}
	if (file->full && journal_is_over(file, file->options.max_bytes) &&
		!flusher_is_busy(&file->flusher))
		journal_file_flush(file, true);
	file_well(file);
	file_durable(file, file->written);
}

/* Whether there is something to be written, and it need not wait for what was. */
static bool
file_is_due(struct journal_file *file)
{
	return (queue_count(&file->queue) || file->overflow || file->rotate_due) &&
		!(file->options.sync == JOURNAL_ALWAYS && flusher_is_busy(&file->flusher));
}

void
journal_file_commit(struct journal *journal)
{
	struct journal_file *file = file_of(journal);
	enum written what = WRITTEN;
	struct chat_err err = {0};

	while (what == WRITTEN && file_is_due(file)) {
		if (file_write_portion(file, &what, &err) < 0) {
			file_refuse(file, &err);
			return;
		}
		if (what == WRITTEN)
			file_written(file);
	}
}

/* ---- meanwhile ---- */

/* Whether it could be written again, found out without anybody's message. */
static void
file_probe(struct journal_file *file)
{
	static const char zeros[PROBE_BYTES];
	struct chat_err err = {0};
	ssize_t count;

	if (file->dir_gone)
		return;
	if (file_mend(file, &err) < 0) {
		file_trouble(file, &err);
		return;
	}
	count = write(file->active->lines_fd, zeros, sizeof(zeros));
	file->cut_due = segment_cut(file->active, NULL) < 0;
	if (count == sizeof(zeros) && !file->cut_due && !file->trial)
		file_well(file);
}

/* The disk has the job for long. What is written meanwhile may never be on it. */
static void
file_await(struct journal_file *file)
{
	struct chat_err err;

	if (file->late || flusher_busy_ms(&file->flusher) <= file->options.answer_ms)
		return;
	file->late = true;
	file->journal.failures++;
	chat_fail(&err, CHAT_IO_ERROR, "the disk has not answered for %lld ms",
		(long long)file->options.answer_ms);
	file_trouble(file, &err);
}

void
journal_file_tick(uv_timer_t *timer)
{
	struct journal_file *file = timer->data;
	bool troubled = *file->journal.trouble || file->cut_due || file->fresh_due;

	if (++file->turns % RETAIN_TURNS == 0)
		journal_retain(file);
	file->sums_due = file->sums_dirty;
	if (flusher_is_busy(&file->flusher)) {
		file_await(file);
		return;
	}
	if (troubled)
		file_probe(file);
	if (troubled || file->full || file->dirty || file->sums_dirty ||
		file->turns % LOOK_TURNS == 0)
		journal_file_flush(file, true);
}

void
journal_file_rotate(struct journal *journal)
{
	file_of(journal)->rotate_due = true;
}
