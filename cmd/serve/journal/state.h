#ifndef SERVE_JOURNAL_STATE_H
#define SERVE_JOURNAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/buf.h"
#include "serve/journal/channel_stats.h"
#include "serve/journal/closed_segments.h"
#include "serve/journal/epochs.h"
#include "serve/journal/journal.h"
#include "serve/journal/options.h"
#include "serve/journal/segment.h"
#include "serve/journal/segment_cache.h"
#include "serve/journal/sync_thread.h"

/*
 * The state of a journal on the disk, for the files of this folder, and for channel/restore*.c,
 * which read what was recovered. Only the loop's thread uses it; worker threads get copies of what
 * they need, and the directory's descriptor. Each structure below belongs to the file that its
 * comment names.
 */

/* Messages that were appended and are not written yet, in their order (group_commit.c). */
struct append_queue {
	struct chat_buf lines; /* their texts, each with a newline; taken ones come first */
	struct queued *at; /* one for each of them */
	size_t count, cap; /* of `at`, taken ones included */
	size_t taken, taken_bytes; /* written, and not moved out of the arrays yet */
	bool overflow; /* a message did not fit: all of them will be refused */
};

struct queued {
	struct journal_line line;
	uint32_t len; /* of the text without newline */
	uint32_t crc; /* of the text with its newline */
};

/* Each appended message gets the next ticket (group_commit.c). */
struct tickets {
	uint64_t appended; /* the last one that was given */
	uint64_t written; /* up to this one, messages were written or refused */
	uint64_t answered; /* up to this one, `durable` or `failed` was called */
};

/* The active segment before the last batch: a batch that fails is taken back (group_commit.c). */
struct batch_undo {
	uint64_t lines_bytes, sums_bytes; /* sizes of its files */
	uint64_t last; /* number of its last message */
	bool syncing; /* the batch is written, and will be durable once it is synced */
};

/* The bytes that were written since the last sync was started (sync.c). */
struct unsynced {
	bool lines, sums; /* of the active segment */
	bool dir; /* a file was created or renamed */
	bool sums_due; /* the checksums are synced together with the next batch */
};

/* The state after a failed write or sync (write_failure.c says what is refused meanwhile). */
struct write_failure {
	bool truncate_due; /* the active segment's files may be longer than they should be */
	bool rotate_due; /* the active segment takes no more messages */
	bool on_trial; /* the active segment replaced a failed one, and was not synced yet */
	bool sync_late; /* the sync that runs takes longer than options.answer_ms */
	bool dir_gone; /* the path does not lead to the directory any more */
};

/* Segments without an index file. All of them but the active one are full (rotate.c). */
struct open_segments {
	struct segment *active; /* grows; NULL only while the journal is opened */
	struct segment *full; /* a list, oldest first: they wait for their index files */
	struct segment *finishing; /* a list, older than `full`: the sync thread has them */
	uint64_t size_limit; /* the active segment is full when its lines have so many bytes */
	bool rotate_due; /* a new segment was asked for */
	bool index_failed; /* the index file of a full segment could not be written */
};

/* The messages that were there when the journal was opened (recovery.c). */
struct recovered {
	uint64_t last; /* number of the last message */
	int64_t timestamp_ms; /* the latest one; Unix time */
	struct epochs epochs; /* before this server's; channels_restore moves them out */
	uint32_t last_segment; /* no segment up to it is missing without being noted */
	const struct removed_file *removed_file; /* NULL once the journal is open */
};

/* Which messages were removed, beside what channel_stats.h says of channels (removed_messages.c).
 */
struct removals {
	uint64_t newest; /* number of the newest removed message; 0: none is known */
	uint64_t unknown; /* the same, of those whose channels nobody knows */
	bool write_due; /* the file `removed` does not say what is known */
	bool unsynced; /* the file was written since the last sync was started */
	bool failed; /* the last attempt to write the file failed, which was reported */
};

/* Which segments are removed (retention.c). */
struct retention {
	bool cuts_history; /* more than the limits allow had to go, which was reported */
	bool rebuilding; /* a worker makes an index that retention needs */
	uint32_t no_index_upto; /* segments up to this one have no index, and none can be made */
};

struct disk_journal {
	struct journal journal; /* first, so that pointers to it can be converted */
	struct journal_options options;
	uv_loop_t *loop;
	uv_timer_t timer; /* periodic.c */
	unsigned timer_ticks;
	int dir_fd, lock_fd; /* -1 until they are open */
	bool closing; /* the loop is closed: no worker is started any more */
	uint64_t epoch; /* of this server (epochs.h) */
	struct recovered recovered;

	struct append_queue queue;
	struct tickets tickets;
	struct batch_undo undo;
	struct chat_buf batch_sums; /* checksums of the batch that is written */
	struct write_failure failure;

	struct unsynced unsynced;
	int64_t synced_ms; /* monotonic: what was written before is on the disk */
	struct sync_thread sync_thread;
	bool has_sync_thread; /* the thread was started */

	struct open_segments segments;
	struct closed_segments closed;
	struct segment_cache cache; /* closed segments that are open for reading */
	struct channel_stats_table stats; /* of the closed segments */
	struct removals removals;
	struct retention retention;
	uint32_t damage_reported; /* number of the segment whose damage was reported last */
};

#endif
