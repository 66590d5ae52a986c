/*
 * The path of a message through the journal. channel/apply.c appends it here. At the end of the
 * tick, all appended messages are written as a batch (segment.c). Then they are reported as
 * durable, with JOURNAL_SYNC_ALWAYS after a sync (sync_result.c), and the server publishes them. If
 * a batch cannot be written or synced, all of it is removed, so that the journal has no message
 * that no user may see.
 */
#include "serve/journal/group_commit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "serve/journal/checksums.h"
#include "serve/journal/epoch_file.h"
#include "serve/journal/journal_size.h"
#include "serve/journal/rotate.h"
#include "serve/journal/sync.h"
#include "serve/journal/write_failure.h"
#include "serve/util/crc32c.h"
#include "text/array.h"
#include "text/err.h"

#define QUEUE_MAX ((size_t)1 << 30) /* bytes of queued lines; offsets in a segment have 32 bits */
#define QUEUE_KEPT ((size_t)1 << 20) /* the most bytes of memory that an empty queue keeps */
#define SUMS_KEPT ((size_t)1 << 20) /* the most bytes that the buffer of checksums keeps */
#define MESSAGE_BYTES (CHECKSUM_LEN + sizeof(struct position)) /* on the disk, without the line */

/* The first messages of the queue, which are written at once. */
struct batch {
	const struct queued *at;
	size_t count;
	struct chat_span lines; /* their texts, each with its newline */
};

/* ---- the queue ---- */

static size_t
queue_count(const struct append_queue *queue)
{
	return queue->count - queue->taken;
}

static void
queue_free(struct append_queue *queue)
{
	chat_buf_free(&queue->lines);
	free(queue->at);
}

/* Returns false if the queue would have too many bytes. */
static bool
queue_add(struct append_queue *queue, const struct journal_line *line, struct chat_span text)
{
	struct chat_buf *lines = &queue->lines;

	if (lines->len + text.len >= QUEUE_MAX)
		return false;
	ARRAY_GROW(queue->at, queue->count, queue->cap, 64);
	chat_buf_append_span(lines, text);
	chat_buf_append(lines, "\n", 1);
	queue->at[queue->count++] = (struct queued){
		.line = *line,
		.len = (uint32_t)text.len,
		.crc = crc32c(0, lines->at + lines->len - text.len - 1, text.len + 1),
	};
	return true;
}

/* Returns the bytes that the batch needs on the disk. */
static uint64_t
batch_bytes(const struct batch *batch)
{
	return batch->lines.len + batch->count * (uint64_t)MESSAGE_BYTES;
}

/* Returns true if a segment can have this message and the first one: its numbers have 32 bits. */
static bool
is_near(const struct batch *batch, size_t i)
{
	return batch->at[i].line.number - batch->at[0].line.number < UINT32_MAX;
}

/*
 * Returns the first messages of the queue: as many as need at most max_bytes on the disk, and as
 * one segment can have, but at least one if the queue is not empty. If max_bytes is 0, there is no
 * limit of bytes. The batch is valid until the queue changes.
 */
static struct batch
queue_next_batch(const struct append_queue *queue, uint64_t max_bytes)
{
	struct batch batch = {.count = queue_count(queue)};
	uint64_t bytes = 0;
	size_t len = 0;

	if (!batch.count)
		return batch;
	batch.at = queue->at + queue->taken;
	batch.lines = (struct chat_span){
		queue->lines.at + queue->taken_bytes, queue->lines.len - queue->taken_bytes};
	if (!max_bytes)
		max_bytes = UINT64_MAX;
	if (batch_bytes(&batch) <= max_bytes && is_near(&batch, batch.count - 1))
		return batch;
	for (size_t i = 0; i < batch.count; i++) {
		bytes += batch.at[i].len + 1 + MESSAGE_BYTES;
		if (i && (bytes > max_bytes || !is_near(&batch, i))) {
			batch.count = i;
			break;
		}
		len += batch.at[i].len + 1;
	}
	batch.lines.len = len;
	return batch;
}

/* Removes all messages. */
static void
queue_clear(struct append_queue *queue)
{
	if (queue->lines.cap + queue->cap * sizeof(*queue->at) > QUEUE_KEPT) {
		queue_free(queue);
		*queue = (struct append_queue){0};
	}
	queue->lines.len = 0;
	queue->count = queue->taken = queue->taken_bytes = 0;
}

/* Removes a batch, which was written, from the front of the queue. */
static void
queue_take(struct append_queue *queue, const struct batch *batch)
{
	queue->taken += batch->count;
	queue->taken_bytes += batch->lines.len;
	if (queue->taken < queue->count - queue->taken)
		return; /* the rest is moved to the front when it is the smaller part */
	if (!queue->taken)
		return;
	queue->count -= queue->taken;
	if (!queue->count) {
		queue_clear(queue);
		return;
	}
	memmove(queue->at, queue->at + queue->taken, queue->count * sizeof(*queue->at));
	chat_buf_drop(&queue->lines, queue->taken_bytes);
	queue->taken = queue->taken_bytes = 0;
}

/* Sets unwritten_bytes to the used part of the queue's arrays and the buffer of checksums. */
static void
unwritten_update(struct disk_journal *disk)
{
	const struct append_queue *queue = &disk->queue;

	disk->journal.unwritten_bytes =
		queue->lines.len + queue->count * sizeof(*queue->at) + disk->batch_sums.cap;
}

uint64_t
group_commit_append(struct journal *journal, const struct journal_line *line, struct chat_span text)
{
	struct disk_journal *disk = (struct disk_journal *)journal;

	disk->queue.overflow = disk->queue.overflow || !queue_add(&disk->queue, line, text);
	unwritten_update(disk);
	return ++disk->tickets.appended;
}

size_t
group_commit_queued(const struct disk_journal *disk)
{
	return queue_count(&disk->queue);
}

size_t
group_commit_spare_bytes(const struct disk_journal *disk)
{
	const struct append_queue *queue = &disk->queue;

	return queue->lines.cap - queue->lines.len +
		(queue->cap - queue->count) * sizeof(*queue->at);
}

void
group_commit_free(struct disk_journal *disk)
{
	queue_free(&disk->queue);
	chat_buf_free(&disk->batch_sums);
}

/* ---- answers ---- */

void
group_commit_report_durable(struct disk_journal *disk, uint64_t ticket)
{
	if (ticket <= disk->tickets.answered)
		return;
	disk->tickets.answered = ticket;
	disk->journal.events.durable(disk->journal.arg, ticket);
}

void
group_commit_refuse(struct disk_journal *disk, const struct chat_err *err)
{
	disk->journal.failures++;
	queue_clear(&disk->queue);
	unwritten_update(disk);
	disk->queue.overflow = false;
	disk->undo.syncing = false;
	write_failure_set(disk, err);
	if (disk->tickets.answered == disk->tickets.appended)
		return;
	disk->tickets.answered = disk->tickets.appended;
	disk->journal.events.failed(disk->journal.arg, disk->tickets.appended, err);
}

/* ---- a batch ---- */

/* Adds the messages to the index of the active segment, and formats their checksums. */
static void
batch_index(struct disk_journal *disk, const struct batch *batch)
{
	struct segment *active = disk->segments.active;
	struct chat_buf *sums = &disk->batch_sums;
	uint64_t at = active->lines_bytes;

	for (size_t i = 0; i < batch->count; i++) {
		const struct queued *message = &batch->at[i];
		char *sum = chat_buf_reserve(sums, CHECKSUM_LEN);

		index_add(&active->index, &message->line,
			(struct position){
				.at = (uint32_t)at, .len = message->len, .crc = message->crc});
		at += message->len + 1;
		checksum_write(sum, message->crc, at);
		sums->len += CHECKSUM_LEN;
	}
}

/*
 * Writes a batch to the active segment. Returns 0, or -1 with errno. After a failure, the index has
 * no message of the batch, and the files have none unless failure.truncate_due is set.
 */
static int
batch_write(struct disk_journal *disk, const struct batch *batch, struct chat_err *err)
{
	struct segment *active = disk->segments.active;
	int error;

	disk->undo.lines_bytes = active->lines_bytes;
	disk->undo.sums_bytes = active->sums_bytes;
	disk->undo.last = active->index.last;
	disk->batch_sums.len = 0;
	batch_index(disk, batch);
	if (segment_write(active, batch->lines, chat_buf_span(&disk->batch_sums), delays_sums(disk),
		    err) == 0)
		return 0;
	error = errno;
	index_truncate(&active->index, active->lines_bytes, disk->undo.last);
	disk->failure.truncate_due = segment_truncate(active, NULL) < 0;
	errno = error;
	return -1;
}

/*
 * Writes a batch to the active segment, or to a new one if the limit of a file's size is reached
 * (EFBIG, setrlimit(2)). Returns 0, or -1.
 */
static int
batch_write_or_rotate(struct disk_journal *disk, const struct batch *batch, struct chat_err *err)
{
	if (batch_write(disk, batch, err) == 0)
		return 0;
	if (errno != EFBIG || disk->failure.truncate_due || !disk->segments.active->index.count)
		return -1;
	return rotate_segment(disk, err) < 0 ? -1 : batch_write(disk, batch, err);
}

void
group_commit_undo(struct disk_journal *disk)
{
	struct segment *active = disk->segments.active;

	if (!disk->undo.syncing)
		return;
	active->lines_bytes = disk->undo.lines_bytes;
	active->sums_bytes = disk->undo.sums_bytes;
	index_truncate(&active->index, disk->undo.lines_bytes, disk->undo.last);
	disk->failure.truncate_due = segment_truncate(active, NULL) < 0;
}

/* ---- the end of a tick ---- */

/*
 * Returns 1 if a batch of this size must wait: it would make the journal larger than twice
 * max_bytes, and full segments must be closed before old segments can be removed. Returns 0 if the
 * batch need not wait, and -1 if it must wait but no index file can be written.
 */
static int
space_is_short(struct disk_journal *disk, uint64_t bytes, struct chat_err *err)
{
	uint64_t max_bytes = 2 * disk->options.max_bytes;

	if (!max_bytes || !(disk->segments.full || disk->segments.finishing) ||
		journal_size(disk) + bytes <= max_bytes)
		return 0;
	if (sync_thread_is_busy(&disk->sync_thread))
		return 1;
	if (disk->segments.index_failed)
		return chat_fail(err, CHAT_IO_ERROR,
			"it is as large as it may be, and no index can be written");
	sync_start(disk, true);
	return 1;
}

/*
 * Cleans up after an earlier failed write. Returns 0, or -1 if the queue overflowed or the disk
 * still fails.
 */
static int
check_writable(struct disk_journal *disk, struct chat_err *err)
{
	const struct write_failure *failure = &disk->failure;
	bool always = disk->options.sync == JOURNAL_SYNC_ALWAYS;

	if (disk->queue.overflow)
		return chat_fail(err, CHAT_STORAGE_FAILED, "too much at once");
	if (!failure->dir_gone && (always || !failure->sync_late) &&
		rotate_after_failure(disk, err) < 0)
		return -1;
	if (disk->epoch_due && epoch_file_write(disk->dir_fd, disk->epoch, err) < 0)
		return -1;
	disk->unsynced.dir = disk->unsynced.dir || disk->epoch_due;
	disk->epoch_due = false;
	if (failure->dir_gone || (!always && (failure->sync_late || failure->on_trial)))
		return chat_fail(err, CHAT_IO_ERROR, "%s", disk->journal.trouble);
	return 0;
}

enum outcome { BATCH_WRITTEN, BATCH_EMPTY, BATCH_DEFERRED };

/* Writes the next batch; rotates first if needed. Returns 0 and sets *outcome, or returns -1. */
static int
batch_commit(struct disk_journal *disk, enum outcome *outcome, struct chat_err *err)
{
	struct batch batch = queue_next_batch(&disk->queue, journal_size_share(disk));
	uint64_t bytes = batch_bytes(&batch);
	int is_short;

	if (check_writable(disk, err) < 0)
		return -1;
	is_short = space_is_short(disk, bytes, err);
	*outcome = is_short ? BATCH_DEFERRED : batch.count ? BATCH_WRITTEN : BATCH_EMPTY;
	if (is_short)
		return is_short < 0 ? -1 : 0;
	if (rotate_if_full(disk, bytes, batch.count ? batch.at[batch.count - 1].line.number : 0,
		    err) < 0 ||
		(batch.count && batch_write_or_rotate(disk, &batch, err) < 0))
		return -1;
	queue_take(&disk->queue, &batch);
	if (disk->batch_sums.cap > SUMS_KEPT)
		chat_buf_free(&disk->batch_sums);
	unwritten_update(disk);
	disk->tickets.written = disk->tickets.appended - queue_count(&disk->queue);
	return 0;
}

/* Reports the written batch as durable, or starts the sync after which it is durable. */
static void
batch_finish(struct disk_journal *disk)
{
	disk->unsynced.lines = disk->unsynced.sums = true;
	if (disk->options.sync == JOURNAL_SYNC_ALWAYS) {
		disk->undo.syncing = true;
		sync_start(disk, disk->unsynced.sums_due);
		return;
	}
	if (disk->segments.full && journal_size_exceeds(disk, disk->options.max_bytes) &&
		!sync_thread_is_busy(&disk->sync_thread))
		sync_start(disk, true); /* old segments can be removed once these are closed */
	write_failure_clear(disk);
	group_commit_report_durable(disk, disk->tickets.written);
}

/* Returns true if there is work to do, and it need not wait for the sync of an earlier batch. */
static bool
batch_is_due(struct disk_journal *disk)
{
	return (queue_count(&disk->queue) || disk->queue.overflow || disk->segments.rotate_due) &&
		!(disk->options.sync == JOURNAL_SYNC_ALWAYS &&
			sync_thread_is_busy(&disk->sync_thread));
}

void
group_commit_run(struct journal *journal)
{
	struct disk_journal *disk = (struct disk_journal *)journal;
	enum outcome outcome = BATCH_WRITTEN;
	struct chat_err err = {0};

	while (outcome == BATCH_WRITTEN && batch_is_due(disk)) {
		if (batch_commit(disk, &outcome, &err) < 0) {
			group_commit_refuse(disk, &err);
			return;
		}
		if (outcome == BATCH_WRITTEN)
			batch_finish(disk);
	}
}
