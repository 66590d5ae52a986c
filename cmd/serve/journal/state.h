#ifndef SERVE_JOURNAL_STATE_H
#define SERVE_JOURNAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "serve/journal/channel_stats.h"
#include "serve/journal/closed_segments.h"
#include "serve/journal/epochs.h"
#include "serve/journal/journal.h"
#include "serve/journal/options.h"
#include "serve/journal/segment.h"
#include "serve/journal/segment_cache.h"
#include "serve/journal/sync_thread.h"
#include "text/buf.h"

/*
 * The state of a journal on the disk, for the files of this directory, and for channel/restore*.c,
 * which read `recovered`. Only the loop's thread uses it; worker threads get copies of the data
 * that they need, and the descriptor of the directory. The comment of each structure below names
 * the file that changes it.
 */

/* Messages that were appended and are not written yet, in this order (group_commit.c). */
struct append_queue {
	struct chat_buf lines; /* their texts, each with a newline; written ones are at the front */
	struct queued *at; /* one for each message */
	size_t count, cap; /* of `at`, written ones included */
	size_t taken, taken_bytes; /* the written ones that are still at the front of the arrays */
	bool overflow; /* a message did not fit: all messages will be refused */
};

struct queued {
	struct journal_line line;
	uint32_t len; /* of the text, without newline */
	uint32_t crc; /* of the text, with its newline */
};

/* Each appended message gets the next ticket (group_commit.c). */
struct tickets {
	uint64_t appended; /* the last ticket that was assigned */
	uint64_t written; /* messages up to this ticket were written or refused */
	uint64_t answered; /* `durable` or `failed` was called for messages up to this ticket */
};

/*
 * The active segment before the last batch, which is removed from it again if the batch fails
 * (group_commit.c).
 */
struct batch_undo {
	uint64_t lines_bytes, sums_bytes; /* the sizes of its files */
	uint64_t last; /* the number of its last message */
	bool syncing; /* the batch is written and being synced; not durable yet */
};

/* Changes that are not part of a sync yet (sync.c). */
struct unsynced {
	bool lines, sums; /* bytes of these files of the active segment */
	bool dir; /* in the directory: a file was created or renamed */
	bool sums_due; /* the next sync of a batch also syncs the checksums */
};

/* The state after a failed write or sync (write_failure.c; check_writable says what is refused). */
struct write_failure {
	bool truncate_due; /* the active segment's files may be too long */
	bool rotate_due; /* no more messages may be written to the active segment */
	bool on_trial; /* the active segment replaced a failed one, and is not synced yet */
	bool sync_late; /* the running sync takes longer than options.answer_ms */
	bool dir_gone; /* the path no longer leads to the directory */
};

/* Open segments: those without an index file. All except the active one are full (rotate.c). */
struct open_segments {
	struct segment *active; /* grows; NULL only while the journal is being opened */
	bool active_removed; /* its files were removed, and could not be created again yet */
	struct segment *full; /* a list, oldest first; they need index files */
	struct segment *finishing; /* a list, older than `full`; the sync thread uses them */
	uint64_t size_limit; /* the active segment is full when its lines have this many bytes */
	bool rotate_due; /* rotate was called, and there is no new segment yet */
	bool index_failed; /* the last try to write a full segment's index failed */
};

/* The messages that existed when the journal was opened (recovery.c). */
struct recovered {
	uint64_t last; /* the number of the last message, also if it was removed */
	int64_t timestamp_ms; /* the latest timestamp; Unix time */
	struct epochs epochs; /* without this server's; channels_restore takes them out */
	uint32_t last_segment; /* segments up to it exist, or count as removed */
	const struct removed_file *removed_file; /* valid during recovery, then NULL */
};

/* Removed messages, in addition to channel_stats.h (removed_messages.c). */
struct removals {
	uint64_t newest; /* the number of the newest removed message; 0: none is known */
	uint64_t unknown; /* messages of any channel may have been removed up to this number */
	bool write_due; /* the file `removed` is out of date */
	bool unsynced; /* the file was written after the last sync was started */
	bool failed; /* the last try to write the file failed, which was reported */
};

/* The state of retention (retention.c). */
struct retention {
	bool cuts_history; /* segments that a history needs were removed, which was reported */
	bool rebuilding; /* a worker is making an index that retention needs */
	uint32_t no_index_upto; /* no index can be made for this segment; older ones are skipped */
};

struct disk_journal {
	struct journal journal; /* first, so that pointers to it can be converted */
	struct journal_options options;
	uv_loop_t *loop;
	uv_timer_t timer; /* the timer of periodic.c */
	unsigned timer_ticks;
	int dir_fd, lock_fd; /* -1 while they are not open */
	bool closing; /* disk_close was called: no worker is started */
	uint64_t epoch; /* this server's (epochs.h) */
	bool epoch_due; /* the file `epoch` could not be written: no message is taken before it is
			 */
	struct recovered recovered;

	struct append_queue queue;
	struct tickets tickets;
	struct batch_undo undo;
	struct chat_buf batch_sums; /* checksums of the current batch */
	struct write_failure failure;

	struct unsynced unsynced;
	int64_t synced_ms; /* monotonic time: the start of the last successful sync */
	uint64_t lost_syncs; /* syncs of lines that failed; the others of journal.failures lose none
			      */
	struct sync_thread sync_thread;
	bool has_sync_thread; /* sync_thread is open */

	struct open_segments segments;
	struct closed_segments closed;
	struct segment_cache cache; /* closed segments that are open for reading */
	struct channel_stats_table stats; /* the channels' messages in closed segments */
	struct removals removals;
	struct retention retention;
	uint32_t damage_reported; /* the last segment with damage that was reported */
};

/* Returns true if checksums are written only when their lines are synced (segment.h). */
static inline bool
delays_sums(const struct disk_journal *disk)
{
	return disk->options.sync != JOURNAL_SYNC_NEVER;
}

#endif
