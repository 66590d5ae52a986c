/* Opens and closes the journal on the disk. kind_disk is its table of functions. */
#include "serve/journal/disk_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/journal/dir.h"
#include "serve/journal/group_commit.h"
#include "serve/journal/journal_size.h"
#include "serve/journal/max_messages.h"
#include "serve/journal/periodic.h"
#include "serve/journal/read_newest.h"
#include "serve/journal/read_page.h"
#include "serve/journal/recovery.h"
#include "serve/journal/retention.h"
#include "serve/journal/rotate.h"
#include "serve/journal/state.h"
#include "serve/journal/sync.h"
#include "serve/journal/sync_result.h"
#include "text/clock.h"
#include "text/err.h"

/* ---- asking ---- */

static bool
disk_is_settled(const struct journal *journal)
{
	const struct disk_journal *disk = (const struct disk_journal *)journal;

	return disk->tickets.answered == disk->tickets.appended || disk->failure.sync_late;
}

static uint64_t
disk_bytes(const struct journal *journal)
{
	return journal_size((const struct disk_journal *)journal);
}

static size_t
list_memory(const struct segment *segment)
{
	size_t bytes = 0;

	for (; segment; segment = segment->next)
		bytes += segment->index.bytes + segment->sums.cap;
	return bytes;
}

/* Returns the memory of the open segments, of the statistics, and of the queue's unused parts. */
static size_t
disk_memory(const struct journal *journal)
{
	const struct disk_journal *disk = (const struct disk_journal *)journal;

	return disk->stats.bytes + group_commit_spare_bytes(disk) +
		list_memory(disk->segments.active) + list_memory(disk->segments.full) +
		list_memory(disk->segments.finishing);
}

static uint64_t
disk_newest_removed(const struct journal *journal)
{
	return ((const struct disk_journal *)journal)->removals.newest;
}

/* The result is the end of a whole segment: messages after it may be older than time_ms, too. */
static uint64_t
disk_newest_older_than(const struct journal *journal, int64_t time_ms)
{
	return closed_segments_older_than(&((const struct disk_journal *)journal)->closed, time_ms);
}

/* ---- closing ---- */

/* Waits for the running sync, if there is one. Returns false if the disk does not answer. */
static bool
sync_wait(struct disk_journal *disk)
{
	return sync_thread_wait(&disk->sync_thread, disk->options.answer_ms);
}

static bool
disk_settle(struct journal *journal)
{
	struct disk_journal *disk = (struct disk_journal *)journal;

	do {
		if (!sync_wait(disk))
			return false;
		group_commit_run(journal);
		if (!sync_wait(disk))
			return false;
	} while (group_commit_queued(disk));
	return true;
}

static void
list_free(struct segment *segment)
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
	if (disk->has_sync_thread)
		sync_thread_close(&disk->sync_thread);
	list_free(disk->segments.full);
	list_free(disk->segments.finishing);
	segment_free(disk->segments.active);
	stats_free(&disk->stats);
	segment_cache_free(&disk->cache);
	closed_segments_free(&disk->closed);
	epochs_free(&disk->recovered.epochs);
	group_commit_free(disk);
	if (disk->dir_fd >= 0)
		close(disk->dir_fd);
	if (disk->lock_fd >= 0) { /* the lock is ours */
		if (ftruncate(disk->lock_fd, 0) < 0)
			journal_warn(&disk->journal, "%s/lock: %m", disk->options.dir);
		close(disk->lock_fd);
	}
	free(disk);
}

/* Reports which messages may not be on the disk, because it does not answer. Frees nothing. */
static enum journal_end
disk_give_up(const struct disk_journal *disk)
{
	uint64_t unanswered = disk->tickets.appended - disk->tickets.answered;

	if (disk->options.sync != JOURNAL_SYNC_ALWAYS)
		journal_warn(&disk->journal,
			"the disk does not answer: what was said in the last %lld ms may not be on "
			"it",
			(long long)(chat_now_ms() - disk->synced_ms));
	else if (unanswered)
		journal_warn(&disk->journal,
			"the disk does not answer: the last %llu messages, which nobody has seen, "
			"may be on it or not",
			(unsigned long long)unanswered);
	else
		journal_warn(&disk->journal,
			"the disk does not answer: it has all that anybody has seen");
	return JOURNAL_HUNG;
}

static enum journal_end
disk_close(struct journal *journal, bool in_use)
{
	struct disk_journal *disk = (struct disk_journal *)journal;
	uint64_t lost_syncs;
	bool lost;

	disk->closing = true;
	sync_thread_stop_waking(&disk->sync_thread);
	if (!disk_settle(journal))
		return disk_give_up(disk);
	lost_syncs = disk->lost_syncs;
	if (disk->segments.full ||
		(disk->options.sync != JOURNAL_SYNC_NEVER && disk->unsynced.sums))
		sync_start(disk, true);
	if (!sync_wait(disk))
		return disk_give_up(disk);
	lost = disk->lost_syncs > lost_syncs && disk->options.sync != JOURNAL_SYNC_ALWAYS;
	if (!in_use)
		disk_free(disk);
	return lost ? JOURNAL_LOST : JOURNAL_KEPT;
}

/* ---- opening ---- */

static const struct journal_kind kind_disk = {
	.name = "file",
	.append = group_commit_append,
	.commit = group_commit_run,
	.settle = disk_settle,
	.is_settled = disk_is_settled,
	.bytes = disk_bytes,
	.read_page = read_page_start,
	.newest_removed = disk_newest_removed,
	.newest_older_than = disk_newest_older_than,
	.message_count = message_count,
	.read_newest = read_newest_start,
	.rotate = rotate_request,
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

/* Writes the process id into the lock file: a signal to the server begins a new segment. */
static void
write_process_id(const struct disk_journal *disk)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(disk->lock_fd, 0) < 0 || pwrite(disk->lock_fd, text, (size_t)len, 0) != len)
		journal_warn(&disk->journal, "%s/lock has no process id: %m", disk->options.dir);
}

/* Opens the directory and locks it, so that no other server uses it. */
static int
dir_lock(struct disk_journal *disk, struct chat_err *err)
{
	const char *dir = disk->options.dir;
	struct chat_err why;
	int error;

	if (disk_journal_make_dir(dir, err) < 0)
		return -1;
	disk->dir_fd = journal_dir_open(dir, err);
	if (disk->dir_fd < 0)
		return -1;
	disk->lock_fd = journal_dir_open_file(
		disk->dir_fd, "lock", O_RDWR | O_CREAT, CHAT_CANNOT_CREATE, &why);
	if (disk->lock_fd < 0)
		return chat_fail(err, why.code, "%s/%s", dir, why.text);
	/* locks the directory too, if possible: somebody may delete the file */
	if (flock(disk->lock_fd, LOCK_EX | LOCK_NB) == 0 &&
		(flock(disk->dir_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)) {
		write_process_id(disk);
		return 0;
	}
	error = errno;
	close(disk->lock_fd);
	disk->lock_fd = -1;
	if (error == EWOULDBLOCK)
		return chat_fail(
			err, CHAT_TRY_LATER, "%s: another server keeps its journal there", dir);
	return chat_fail(err, CHAT_IO_ERROR, "%s/lock: %s", dir, strerror(error));
}

static int
disk_start(struct disk_journal *disk, struct chat_err *err)
{
	if (dir_lock(disk, err) < 0 || recovery_run(disk, err) < 0 ||
		sync_thread_open(&disk->sync_thread, disk->loop, sync_result_apply, disk, err) < 0)
		return -1;
	disk->has_sync_thread = true;
	periodic_start(disk);
	retention_run(disk);
	return 0;
}

struct journal *
disk_journal_open(const struct journal_options *options, uv_loop_t *loop,
	const struct journal_events *events, void *arg, struct chat_err *err)
{
	struct disk_journal *disk = chat_alloc_zeroed(1, sizeof(*disk));

	disk->journal = (struct journal){.kind = &kind_disk, .events = *events, .arg = arg};
	disk->options = *options;
	disk->stats.limit_hides = options->max_messages > 0;
	disk->stats.limit = options->max_messages ? options->max_messages : options->history;
	disk->segments.size_limit = options->segment_bytes;
	disk->loop = loop;
	disk->dir_fd = disk->lock_fd = -1;
	disk->synced_ms = chat_now_ms();
	disk->unsynced.lines = disk->unsynced.sums = disk->unsynced.dir = true;
	if (disk_start(disk, err) == 0)
		return &disk->journal;
	disk_free(disk);
	return NULL;
}
