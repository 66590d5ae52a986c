/* How a journal is opened and closed. */
#include "serve/journal/disk_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/diag.h"
#include "serve/journal/dir.h"
#include "serve/journal/state.h"
#include "serve/util/crc32c.h"

#define TIMER_MS 100 /* between two syncs of a batch journal, and two looks at a full disk */

static struct disk_journal *
disk_of(struct journal *journal)
{
	return (struct disk_journal *)journal;
}

/* ---- closing ---- */

/* Whether the thread is done with what it had. */
static bool
disk_wait(struct disk_journal *disk)
{
	return sync_thread_wait(&disk->sync_thread, disk->options.answer_ms);
}

static bool
disk_settle(struct journal *journal)
{
	struct disk_journal *disk = disk_of(journal);

	do {
		if (!disk_wait(disk))
			return false;
		group_commit_commit(journal);
		if (!disk_wait(disk))
			return false;
	} while (queue_count(&disk->queue));
	return true;
}

static bool
disk_is_settled(const struct journal *journal)
{
	const struct disk_journal *disk = (const struct disk_journal *)journal;

	return disk->told == disk->ticket || disk->late;
}

static uint64_t
disk_bytes(const struct journal *journal)
{
	return retention_bytes((const struct disk_journal *)journal);
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
disk_free(struct disk_journal *disk)
{
	if (disk->flushes)
		sync_thread_close(&disk->sync_thread);
	segments_free(disk->full);
	segments_free(disk->finishing);
	segment_free(disk->active);
	stats_free(&disk->stats);
	segment_cache_free(&disk->opened);
	epochs_free(&disk->epochs);
	queue_free(&disk->queue);
	chat_buf_free(&disk->sums);
	free(disk->closed);
	if (disk->dir_fd >= 0)
		close(disk->dir_fd);
	if (disk->lock_fd >= 0)
		close(disk->lock_fd);
	free(disk);
}

/* It ends all the same, and says what may not be on the disk. */
static enum journal_end
disk_give_up(const struct disk_journal *disk)
{
	uint64_t untold = disk->ticket - disk->told;

	if (disk->options.sync != JOURNAL_SYNC_ALWAYS)
		journal_warn(&disk->journal,
			"the disk does not answer: what was said in the last %lld ms may not be on "
			"it",
			(long long)(chat_now_ms() - disk->synced_ms));
	else if (untold)
		journal_warn(&disk->journal,
			"the disk does not answer: the last %llu messages, which nobody has seen, "
			"may be on it or not",
			(unsigned long long)untold);
	else
		journal_warn(&disk->journal,
			"the disk does not answer: it has all that anybody has seen");
	return JOURNAL_HUNG;
}

static enum journal_end
disk_close(struct journal *journal, bool in_use)
{
	struct disk_journal *disk = disk_of(journal);
	uint64_t failures;
	bool lost;

	disk->closing = true;
	sync_thread_stop_waking(&disk->sync_thread);
	if (!disk_settle(journal))
		return disk_give_up(disk);
	failures = journal->failures;
	if (disk->full || (disk->options.sync != JOURNAL_SYNC_NEVER && disk->sums_dirty))
		journal_file_flush(disk, true);
	if (!disk_wait(disk))
		return disk_give_up(disk);
	lost = journal->failures > failures && disk->options.sync != JOURNAL_SYNC_ALWAYS;
	if (!in_use)
		disk_free(disk);
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
disk_memory(const struct journal *journal)
{
	const struct disk_journal *disk = (const struct disk_journal *)journal;

	return disk->stats.bytes + disk->active->index.bytes + segments_memory(disk->full) +
		segments_memory(disk->finishing);
}

static uint64_t
disk_newest_removed(const struct journal *journal)
{
	return ((const struct disk_journal *)journal)->removed;
}

/* Whole segments: what is in the one that holds the time is looked at by who reads it. */
static uint64_t
disk_newest_older_than(const struct journal *journal, int64_t time_ms)
{
	const struct disk_journal *disk = (const struct disk_journal *)journal;
	size_t i = 0;

	while (i < disk->closed_count && disk->closed[i].timestamp_ms < time_ms)
		i++;
	return i > 0 ? disk->closed[i - 1].last : 0;
}

static const struct journal_kind kind_disk = {
	.name = "file",
	.append = group_commit_append,
	.commit = group_commit_commit,
	.settle = disk_settle,
	.is_settled = disk_is_settled,
	.bytes = disk_bytes,
	.read_page = page_read_start,
	.newest_removed = disk_newest_removed,
	.newest_older_than = disk_newest_older_than,
	.message_count = message_count,
	.read_newest = newest_read_start,
	.rotate = journal_file_rotate,
	.memory = disk_memory,
	.close = disk_close,
};

int
disk_journal_make_dir(const char *dir, struct chat_err *err)
{
	if (mkdir(dir, 0777) < 0 && errno != EEXIST)
		return chat_fail(err, CHAT_CANNOT_CREATE, "%s: %m", dir);
	return 0;
}

static int
disk_lock(struct disk_journal *disk, struct chat_err *err)
{
	const char *dir = disk->options.dir;
	struct chat_err why;

	if (disk_journal_make_dir(dir, err) < 0)
		return -1;
	disk->dir_fd = journal_dir_open(dir, err);
	if (disk->dir_fd < 0)
		return -1;
	disk->lock_fd = journal_dir_open_file(
		disk->dir_fd, "lock", O_RDWR | O_CREAT, CHAT_CANNOT_CREATE, &why);
	if (disk->lock_fd < 0)
		return chat_fail(err, why.code, "%s/%s", dir, why.text);
	/* the directory too, where that can be done: somebody may remove the file */
	if (flock(disk->lock_fd, LOCK_EX | LOCK_NB) == 0 &&
		(flock(disk->dir_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK))
		return 0;
	if (errno == EWOULDBLOCK)
		return chat_fail(
			err, CHAT_TRY_LATER, "%s: another server keeps its journal there", dir);
	return chat_fail(err, CHAT_IO_ERROR, "%s/lock: %m", dir);
}

static int
disk_start(struct disk_journal *disk, struct chat_err *err)
{
	if (disk_lock(disk, err) < 0 || journal_recover(disk, err) < 0 ||
		sync_thread_open(&disk->sync_thread, disk->loop, journal_file_flushed, disk, err) <
			0)
		return -1;
	disk->flushes = true;
	uv_timer_init(disk->loop, &disk->timer);
	disk->timer.data = disk;
	uv_timer_start(&disk->timer, journal_file_tick, TIMER_MS, TIMER_MS);
	journal_retain(disk);
	return 0;
}

struct journal *
disk_journal_open(const struct journal_options *options, uv_loop_t *loop,
	const struct journal_events *events, void *arg, struct chat_err *err)
{
	struct disk_journal *disk = chat_alloc_zeroed(1, sizeof(*disk));

	disk->journal = (struct journal){.kind = &kind_disk, .events = *events, .arg = arg};
	disk->options = *options;
	disk->stats.hides = options->max_messages > 0;
	disk->stats.most = options->max_messages ? options->max_messages : options->history;
	disk->full_bytes = options->segment_bytes;
	disk->loop = loop;
	disk->dir_fd = disk->lock_fd = -1;
	disk->synced_ms = chat_now_ms();
	disk->dirty = disk->sums_dirty = disk->dir_dirty = true;
	if (disk_start(disk, err) == 0)
		return &disk->journal;
	disk_free(disk);
	return NULL;
}
