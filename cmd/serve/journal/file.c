/* How a journal is opened and closed. */
#include "serve/journal/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/journal/dir.h"
#include "serve/util/crc32c.h"

#define TIMER_MS 100 /* between two syncs of a batch journal, and two looks at a full disk */

static struct journal_file *
file_of(struct journal *journal)
{
	return (struct journal_file *)journal;
}

/* ---- closing ---- */

/* Whether the thread is done with what it had. */
static bool
file_wait(struct journal_file *file)
{
	return flusher_wait(&file->flusher, file->options.answer_ms);
}

static bool
file_settle(struct journal *journal)
{
	struct journal_file *file = file_of(journal);

	do {
		if (!file_wait(file))
			return false;
		journal_file_commit(journal);
		if (!file_wait(file))
			return false;
	} while (queue_count(&file->queue));
	return true;
}

static bool
file_is_settled(const struct journal *journal)
{
	const struct journal_file *file = (const struct journal_file *)journal;

	return file->told == file->ticket || file->late;
}

static uint64_t
file_bytes(const struct journal *journal)
{
	return journal_bytes((const struct journal_file *)journal);
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
	tallies_free(&file->tallies);
	open_segments_free(&file->opened);
	epochs_free(&file->epochs);
	queue_free(&file->queue);
	chat_buf_free(&file->sums);
	free(file->closed);
	if (file->dir_fd >= 0)
		close(file->dir_fd);
	if (file->lock_fd >= 0)
		close(file->lock_fd);
	free(file);
}

/* It ends all the same, and says what may not be on the disk. */
static enum journal_end
file_give_up(const struct journal_file *file)
{
	uint64_t untold = file->ticket - file->told;

	if (file->options.sync != JOURNAL_ALWAYS)
		journal_warn(&file->journal,
			"the disk does not answer: what was said in the last %lld ms may not be on "
			"it",
			(long long)(chat_now_ms() - file->synced_ms));
	else if (untold)
		journal_warn(&file->journal,
			"the disk does not answer: the last %llu messages, which nobody has seen, "
			"may be on it or not",
			(unsigned long long)untold);
	else
		journal_warn(&file->journal,
			"the disk does not answer: it has all that anybody has seen");
	return JOURNAL_HUNG;
}

static enum journal_end
file_close(struct journal *journal, bool in_use)
{
	struct journal_file *file = file_of(journal);
	uint64_t failures;
	bool lost;

	file->closing = true;
	flusher_silence(&file->flusher);
	if (!file_settle(journal))
		return file_give_up(file);
	failures = journal->failures;
	if (file->full || (file->options.sync != JOURNAL_NEVER && file->sums_dirty))
		journal_file_flush(file, true);
	if (!file_wait(file))
		return file_give_up(file);
	lost = journal->failures > failures && file->options.sync != JOURNAL_ALWAYS;
	if (!in_use)
		file_free(file);
	return lost ? JOURNAL_LOST : JOURNAL_KEPT;
}

/* ---- opening ---- */

static size_t
segments_memory(const struct segment *segment)
{
	size_t bytes = 0;

	for (; segment; segment = segment->next)
		bytes += segment->index.bytes;
	return bytes;
}

/*
 * Where the messages of the segments lie that have no index on the disk yet, and how many of each
 * channel are in the others.
 */
static size_t
file_memory(const struct journal *journal)
{
	const struct journal_file *file = (const struct journal_file *)journal;

	return file->tallies.bytes + file->active->index.bytes + segments_memory(file->full) +
		segments_memory(file->finishing);
}

static uint64_t
file_removed(const struct journal *journal)
{
	return ((const struct journal_file *)journal)->removed;
}

/* Whole segments: what is in the one that holds the time is looked at by who reads it. */
static uint64_t
file_older(const struct journal *journal, int64_t time_ms)
{
	const struct journal_file *file = (const struct journal_file *)journal;
	size_t i = 0;

	while (i < file->closed_count && file->closed[i].timestamp_ms < time_ms)
		i++;
	return i > 0 ? file->closed[i - 1].last : 0;
}

static const struct journal_kind kind_file = {
	.name = "file",
	.append = journal_file_append,
	.commit = journal_file_commit,
	.settle = file_settle,
	.is_settled = file_is_settled,
	.bytes = file_bytes,
	.read = journal_file_read,
	.removed = file_removed,
	.older = file_older,
	.count = journal_file_count,
	.recall = journal_file_recall,
	.rotate = journal_file_rotate,
	.memory = file_memory,
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
		flusher_open(&file->flusher, file->loop, journal_file_flushed, file, err) < 0)
		return -1;
	file->flushes = true;
	uv_timer_init(file->loop, &file->timer);
	file->timer.data = file;
	uv_timer_start(&file->timer, journal_file_tick, TIMER_MS, TIMER_MS);
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
	file->tallies.hides = options->max_messages > 0;
	file->tallies.most = options->max_messages ? options->max_messages : options->history;
	file->full_bytes = options->segment_bytes;
	file->loop = loop;
	file->dir_fd = file->lock_fd = -1;
	file->synced_ms = chat_now_ms();
	file->dirty = file->sums_dirty = file->dir_dirty = true;
	if (file_start(file, err) == 0)
		return &file->journal;
	file_free(file);
	return NULL;
}
