/*
 * The end of the tick on the disk. A message is durable when its bytes and nobody else's are where
 * the segment says they are; whatever goes wrong on the way there takes the whole batch back, so
 * that a line is in the journal if, and only if, somebody may see it.
 */
#include "serve/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "serve/crc32c.h"
#include "serve/journal_dir.h"

#define TIMER_MS 100 /* between two syncs of a batch journal, and two looks at a full disk */
#define RETAIN_TURNS 600 /* of the timer */
#define BATCH_MAX ((size_t)1 << 30) /* bytes; with a segment below 2 GiB an offset fits 32 bits */
#define PROBE_BYTES 4096

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
	chat_warn("journal: %s; no messages are taken until it can be written", err->text);
	memcpy(file->journal.trouble, err->text, sizeof(file->journal.trouble));
}

static void
file_well(struct journal_file *file)
{
	if (!*file->journal.trouble)
		return;
	chat_warn("journal: it can be written again");
	*file->journal.trouble = '\0';
}

/* Everything handed in and not durable comes to nothing. */
static void
file_refuse(struct journal_file *file, const struct chat_err *err)
{
	file->lines.len = file->unwritten_count = 0;
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

static int
file_sync_fresh(struct journal_file *file, struct segment *fresh, struct chat_err *err)
{
	if (segment_sync_lines(fresh, err) < 0 || segment_sync_sums(fresh, err) < 0)
		return -1;
	if (fsync(file->dir_fd) < 0)
		return chat_fail(err, CHAT_IO_ERROR, "the directory: sync: %m");
	return 0;
}

/*
 * Begins a new segment. It is synced with its first batch; only where a sync has failed before
 * nobody waits for that: first it has to be seen to succeed.
 */
static int
file_rotate(struct journal_file *file, struct chat_err *err)
{
	uint32_t number = file->active->number + 1;
	struct segment *fresh = segment_create(file->dir_fd, number, file->epoch, err);

	if (!fresh)
		return -1;
	if (file->fresh_due && file->options.sync != JOURNAL_NEVER &&
		file_sync_fresh(file, fresh, err) < 0) {
		segment_free(fresh);
		segment_remove(file->dir_fd, number, NULL);
		return -1;
	}
	file_push_full(file, file->active);
	file->active = fresh;
	file->full_bytes = file->options.segment_bytes;
	file->dirty = file->sums_dirty = file->dir_dirty = true;
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

/* A segment that cannot be begun now is begun later; the old one can grow a while. */
static int
file_make_room(struct journal_file *file, struct chat_err *err)
{
	file->rotate_due = file->rotate_due && file->active->index.count; /* else it is as new */
	if (!file->rotate_due && file->active->lines_bytes < file->full_bytes)
		return 0;
	if (file_rotate(file, err) == 0)
		return 0;
	if (file->active->lines_bytes >= UINT32_MAX / 2)
		return -1;
	chat_warn("journal: no new segment: %s", err->text);
	file->rotate_due = false;
	file->full_bytes = file->active->lines_bytes + file->options.segment_bytes / 4;
	return 0;
}

/* ---- the flush ---- */

static void
file_ask_flush(struct journal_file *file, bool sums)
{
	bool sync = file->options.sync != JOURNAL_NEVER;
	struct flush_job job = {
		.active = sync ? file->active : NULL,
		.lines = true,
		.sums = sums,
		.full = file->full,
		.sync = sync,
		.dir = sync && file->dir_dirty,
		.dir_fd = file->dir_fd,
		.ticket = file->ticket,
	};

	file->finishing = file->full;
	file->full = NULL;
	file->dirty = file->dir_dirty = false;
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
		for (struct channel_places *channel = segment->index.channels; channel;
			channel = channel->hh.next)
			journal_tally(file, (struct chat_span){channel->channel, channel->len},
				channel->count);
		journal_note_closed(file,
			(struct closed_segment){
				.number = segment->number,
				.base = segment->index.base,
				.last = segment->index.last,
				.timestamp_ms = segment->index.timestamp_ms,
				.lines_bytes = segment->lines_bytes,
				.bytes = segment->lines_bytes + segment->sums_bytes +
					index_file_bytes(&segment->index),
			});
		segment_free(segment);
	}
	file_keep_full(file);
	if (some)
		journal_retain(file);
}

/*
 * The kernel has dropped what it could not write, and a second sync would not say so: nothing goes
 * into this segment any more. A batch that waited for the sync is taken back.
 */
static void
file_sync_failed(struct journal_file *file, const struct flush_job *job)
{
	chat_warn("journal: %s; the segment is closed%s", job->err.text,
		file->waits ? "" : ", its last messages may not survive a loss of power");
	if (job->active == file->active)
		file->fresh_due = true;
	if (file->waits) {
		file->active->lines_bytes = file->kept_lines;
		file->active->sums_bytes = file->kept_sums;
		index_cut(&file->active->index, file->kept_lines);
		file->cut_due = segment_cut(file->active, NULL) < 0;
	}
	file_refuse(file, &job->err);
}

static void
on_flushed(void *arg, struct flush_job *job)
{
	struct journal_file *file = arg;

	file_close_full(file);
	if (job->lines_failed) {
		file_sync_failed(file, job);
		return;
	}
	if (job->sums_failed || job->full_failed)
		chat_warn(
			"journal: %s; its segment may not survive a loss of power", job->err.text);
	if (job->sums_failed && job->active == file->active)
		file->fresh_due = true;
	if (file->waits) {
		file->waits = false;
		file_durable(file, job->ticket);
	}
	if (file->options.sync == JOURNAL_ALWAYS && !file->fresh_due)
		file_well(file);
}

/* ---- appending ---- */

static uint64_t
file_append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	struct journal_file *file = file_of(journal);

	file->ticket++;
	if (file->overflow || file->lines.len + text.len >= BATCH_MAX) {
		file->overflow = true;
		return file->ticket;
	}
	if (file->unwritten_count == file->unwritten_cap) {
		file->unwritten_cap = file->unwritten_cap ? 2 * file->unwritten_cap : 64;
		file->unwritten = chat_realloc(
			file->unwritten, file->unwritten_cap * sizeof(*file->unwritten));
	}
	chat_buf_append_span(&file->lines, text);
	chat_buf_append(&file->lines, "\n", 1);
	file->unwritten[file->unwritten_count++] = (struct unwritten){
		.line = *line,
		.len = (uint32_t)text.len,
		.crc = crc32c(0, file->lines.at + file->lines.len - text.len - 1, text.len + 1),
	};
	return file->ticket;
}

/* The unwritten messages get their places in the active segment. */
static void
file_place(struct journal_file *file, struct chat_buf *sums)
{
	uint64_t at = file->active->lines_bytes;

	for (size_t i = 0; i < file->unwritten_count; i++) {
		const struct unwritten *message = &file->unwritten[i];
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
file_write(struct journal_file *file, struct chat_err *err)
{
	struct segment *active = file->active;
	int result, error;

	file->sums.len = 0;
	file_place(file, &file->sums);
	file->kept_lines = active->lines_bytes;
	file->kept_sums = active->sums_bytes;
	result =
		segment_write(active, chat_buf_span(&file->lines), chat_buf_span(&file->sums), err);
	if (result == 0)
		return 0;
	error = errno;
	index_cut(&active->index, active->lines_bytes);
	file->cut_due = segment_cut(active, NULL) < 0;
	errno = error;
	return -1;
}

/* A file that may grow no more (setrlimit(2)) is not the end: another one may. */
static int
file_write_somewhere(struct journal_file *file, struct chat_err *err)
{
	if (file_write(file, err) == 0)
		return 0;
	if (errno != EFBIG || file->cut_due || !file->active->index.count)
		return -1;
	return file_rotate(file, err) < 0 ? -1 : file_write(file, err);
}

static void
file_commit(struct journal *journal)
{
	struct journal_file *file = file_of(journal);
	bool always = file->options.sync == JOURNAL_ALWAYS;
	bool due = file->unwritten_count > 0 || file->overflow;
	struct chat_err err = {0};

	if ((!due && !file->rotate_due) || (always && flusher_is_busy(&file->flusher)))
		return;
	if (file->overflow)
		chat_fail(&err, CHAT_STORAGE_FAILED, "too much at once");
	if (file->overflow || file_mend(file, &err) < 0 || file_make_room(file, &err) < 0 ||
		(due && file_write_somewhere(file, &err) < 0)) {
		file_refuse(file, &err);
		return;
	}
	if (!due)
		return;
	file->lines.len = file->unwritten_count = 0;
	file->dirty = file->sums_dirty = true;
	if (always) {
		file->waits = true;
		file_ask_flush(file, file->sums_due);
		return;
	}
	file_well(file);
	file_durable(file, file->ticket);
}

/* ---- meanwhile ---- */

/* Whether it could be written again, found out without anybody's message. */
static void
file_probe(struct journal_file *file)
{
	static const char zeros[PROBE_BYTES];
	struct chat_err err = {0};
	ssize_t count;

	if (file_mend(file, &err) < 0) {
		file_trouble(file, &err);
		return;
	}
	count = write(file->active->lines_fd, zeros, sizeof(zeros));
	file->cut_due = segment_cut(file->active, NULL) < 0;
	if (count == sizeof(zeros) && !file->cut_due)
		file_well(file);
}

static void
on_timer(uv_timer_t *timer)
{
	struct journal_file *file = timer->data;
	bool sync = file->options.sync != JOURNAL_NEVER;

	if (++file->turns % RETAIN_TURNS == 0)
		journal_retain(file);
	file->sums_due = file->sums_dirty;
	if (flusher_is_busy(&file->flusher))
		return;
	if (*file->journal.trouble || file->cut_due || file->fresh_due)
		file_probe(file);
	if (file->full || (sync && (file->dirty || file->sums_dirty)))
		file_ask_flush(file, true);
}

static void
file_request_rotation(struct journal *journal)
{
	file_of(journal)->rotate_due = true;
}

/* ---- closing ---- */

static void
file_settle(struct journal *journal)
{
	struct journal_file *file = file_of(journal);

	do {
		flusher_wait(&file->flusher);
		file_commit(journal);
		flusher_wait(&file->flusher);
	} while (file->unwritten_count);
}

static void
segments_free(struct segment *segment)
{
	while (segment) {
		struct segment *next = segment->next;

		segment_free(segment);
		segment = next;
	}
}

static void
file_free(struct journal_file *file)
{
	if (file->flushes)
		flusher_close(&file->flusher);
	segments_free(file->full);
	segments_free(file->finishing);
	segment_free(file->active);
	journal_tallies_free(file);
	epochs_free(&file->epochs);
	chat_buf_free(&file->lines);
	chat_buf_free(&file->sums);
	free(file->unwritten);
	free(file->closed);
	if (file->dir_fd >= 0)
		close(file->dir_fd);
	if (file->lock_fd >= 0)
		close(file->lock_fd);
	free(file);
}

static void
file_close(struct journal *journal)
{
	struct journal_file *file = file_of(journal);

	flusher_silence(&file->flusher);
	file_settle(journal);
	if (file->full || (file->options.sync != JOURNAL_NEVER && file->sums_dirty)) {
		file_ask_flush(file, true);
		flusher_wait(&file->flusher);
	}
	file_free(file);
}

/* ---- opening ---- */

static const struct journal_kind kind_file = {
	.name = "file",
	.append = file_append,
	.commit = file_commit,
	.settle = file_settle,
	.read = journal_file_read,
	.rotate = file_request_rotation,
	.close = file_close,
};

int
journal_file_make(const char *dir, struct chat_err *err)
{
	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %m", dir);
	return 0;
}

static int
file_lock(struct journal_file *file, struct chat_err *err)
{
	const char *dir = file->options.dir;
	struct chat_err why;

	if (journal_file_make(dir, err) < 0)
		return -1;
	file->dir_fd = journal_dir_open(dir, err);
	if (file->dir_fd < 0)
		return -1;
	file->lock_fd =
		journal_dir_file(file->dir_fd, "lock", O_RDWR | O_CREAT, CHAT_CANNOT_CREATE, &why);
	if (file->lock_fd < 0)
		return chat_fail(err, why.code, "%s/%s", dir, why.text);
	/* the directory too, where that can be done: somebody may remove the file */
	if (flock(file->lock_fd, LOCK_EX | LOCK_NB) == 0 &&
		(flock(file->dir_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK))
		return 0;
	if (errno == EWOULDBLOCK)
		return chat_fail(
			err, CHAT_TRY_LATER, "%s: another server keeps its journal there", dir);
	return chat_fail(err, CHAT_IO_ERROR, "%s/lock: %m", dir);
}

static int
file_start(struct journal_file *file, struct chat_err *err)
{
	if (file_lock(file, err) < 0 || journal_recover(file, err) < 0 ||
		flusher_open(&file->flusher, file->loop, on_flushed, file, err) < 0)
		return -1;
	file->flushes = true;
	uv_timer_init(file->loop, &file->timer);
	file->timer.data = file;
	uv_timer_start(&file->timer, on_timer, TIMER_MS, TIMER_MS);
	journal_retain(file);
	return 0;
}

struct journal *
journal_file_open(const struct journal_options *options, uv_loop_t *loop,
	const struct journal_events *events, void *arg, struct chat_err *err)
{
	struct journal_file *file = chat_alloc_zeroed(1, sizeof(*file));

	file->journal = (struct journal){.kind = &kind_file, .events = *events, .arg = arg};
	file->options = *options;
	file->full_bytes = options->segment_bytes;
	file->loop = loop;
	file->dir_fd = file->lock_fd = -1;
	file->dirty = file->sums_dirty = file->dir_dirty = true;
	if (file_start(file, err) == 0)
		return &file->journal;
	file_free(file);
	return NULL;
}
