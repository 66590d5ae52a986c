#ifndef SERVE_JOURNAL_STATE_H
#define SERVE_JOURNAL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "serve/journal/channel_stats.h"
#include "serve/journal/journal.h"
#include "serve/journal/options.h"
#include "serve/journal/queue.h"
#include "serve/journal/removed_file.h"
#include "serve/journal/segment.h"
#include "serve/journal/segment_cache.h"
#include "serve/journal/sync_thread.h"
#include "text/hash.h"

/*
 * The journal of one machine: a directory of segments (chat-journal(5)), of which the last one
 * grows. A tick's messages are appended with one write; what waits for the disk waits in a thread
 * (journal_flush.h), and, with JOURNAL_ALWAYS, a batch at a time: what comes meanwhile is the next.
 */
/* A segment that grows no more. */
struct closed_segment {
	uint32_t number;
	uint64_t base, last; /* numbers of its messages: above, up to; those before it if none */
	int64_t timestamp_ms; /* the latest in it */
	uint64_t lines_bytes, bytes; /* of its lines; of all its files */
	const struct channel_stats *needed_by; /* NULL: nobody is known to */
	uint32_t holders; /* channels of which it has one of the newest messages */
	bool leaves; /* its messages are counted as removed, its files are to be */
};

struct disk_journal {
	struct journal journal;
	struct journal_options options;
	uv_loop_t *loop;
	int dir_fd, lock_fd;
	struct sync_thread sync_thread;
	bool flushes; /* the thread runs */
	uv_timer_t timer;

	uint64_t epoch; /* of this server */
	uint64_t last; /* number of the last message there was at the start */
	struct epochs epochs; /* before this one */
	int64_t timestamp_ms; /* the latest there was at the start */
	uint32_t known_number; /* of segments: recovering, the last without a gap before it */
	uint64_t removed; /* number of the newest message known to be removed */
	uint64_t gone; /* the same, of those of which nobody knows the channels */
	const struct removed_file *told_removed; /* recovering: what its file says */
	bool removed_due; /* the file that says so is not what is known */
	bool removed_dirty; /* it is written and not synced */
	bool removed_failed; /* it could not be written, which was said */

	struct closed_segment *closed; /* ascending */
	size_t closed_count, closed_cap;
	uint64_t closed_bytes;
	struct channel_stats_table stats;
	bool cuts_history; /* to keep its bound, and that has been said */
	bool stuck; /* a full segment got no index */
	bool remaking; /* an index that retention needs */
	bool closing; /* the loop is closed */
	uint32_t unknown; /* up to this segment there is no more to be known */
	struct segment_cache opened; /* of the closed ones */
	uint32_t told_damage; /* in this segment; said on stderr */
	struct segment *full; /* grown enough and not closed yet, oldest first */
	struct segment *finishing; /* those of them that the thread has */
	struct segment *active;

	struct append_queue queue;
	struct chat_buf sums; /* of those being written */

	uint64_t ticket; /* of the last append */
	uint64_t written; /* up to it all was written, or refused */
	uint64_t told; /* up to it durable or failed was said */
	uint64_t kept_lines, kept_sums; /* bytes of the active segment before the batch */
	uint64_t kept_last; /* number of the last message in it then */
	bool waits; /* a batch is written and its sync asked for */
	bool late; /* the disk has not answered in time */
	bool dir_gone; /* somebody has moved the directory away */
	int64_t synced_ms; /* when all that was written before was on the disk, or is about to be */
	bool overflow; /* more was appended than one write takes */
	bool dirty, sums_dirty, dir_dirty; /* written and not synced */
	bool sums_due; /* they are to be synced with the next batch */
	bool rotate_due; /* somebody asked */
	bool cut_due; /* the active segment's files are longer than they are to be */
	bool fresh_due; /* the active segment is not to be trusted with more */
	bool trial; /* nor one that was begun in its place, until it was seen on the disk */
	uint64_t full_bytes; /* the active segment is closed when it is so long */
	unsigned turns; /* of the timer */
};

/* ---- between the files of this kind ---- */

struct scan;

/* Opens what is in the directory (journal_recover.c). */
int journal_recover(struct disk_journal *disk, struct chat_err *err);

/*
 * Scans a segment and puts it in order, or says why not: CHAT_BAD_MESSAGE, it is damaged
 * (journal_mend.c).
 */
int journal_segment_check(
	struct disk_journal *disk, uint32_t number, struct scan *scan, struct chat_err *err);

/*
 * The index file of a closed segment, at the start: made again where it is missing or wrong; with
 * check, after every line was held against its checksum.
 */
int recovery_index_open(struct disk_journal *disk, uint32_t number, bool check,
	struct index_file *index, struct chat_err *err);

/* What the kind does (journal.h), and what happens meanwhile (journal_write.c). */
uint64_t group_commit_append(
	struct journal *journal, const struct journal_line *line, struct chat_span text);
void group_commit_commit(struct journal *journal);
void journal_file_rotate(struct journal *journal);
void journal_file_tick(uv_timer_t *timer);

/* Has what was written synced, and full segments closed; the flusher is idle. */
void journal_file_flush(struct disk_journal *disk, bool sums);
void journal_file_flushed(void *arg, struct sync_job *job);

/* Adds a segment to the closed ones; what it holds is tallied behind that (journal_keep.c). */
void journal_note_closed(struct disk_journal *disk, struct closed_segment closed);
void journal_tally(
	struct disk_journal *disk, struct chat_span channel, uint32_t segment, uint32_t count);

/* The tallies are all there: those that there is no room for go. */
void journal_tallied(struct disk_journal *disk);

/*
 * How many messages of a channel the closed segments hold, or TALLY_UNKNOWN; newest: the last
 * segment that may have one.
 */
uint64_t closed_message_count(
	const struct disk_journal *disk, struct chat_span channel, uint32_t *newest);

/* How many the segments have that are not closed. */
uint64_t journal_count_open(const struct disk_journal *disk, struct chat_span channel);

/* What a channel's readers do not get: it was removed, or --journal-max-messages keeps no more. */
struct journal_hidden {
	uint32_t first; /* what is in closed segments before this; UINT32_MAX: in all of them; */
	uint64_t skip; /* and so many from there on, of the open ones where it is all of the others
			*/
	uint64_t newest; /* no message before those has a higher number */
};

/* No message of the channel that was removed has a higher number. */
uint64_t removed_upto_of(const struct disk_journal *disk, struct chat_span channel);

struct journal_hidden journal_hidden(struct disk_journal *disk, struct chat_span channel);

/* How long all its files are, and how long the segment that grows is to be. */
uint64_t retention_bytes(const struct disk_journal *disk);
uint64_t retention_segment_share(const struct disk_journal *disk);

/* Whether they are longer than that once the one that grows is; 0: any length will do. */
bool retention_is_over(const struct disk_journal *disk, uint64_t max_bytes);

/* Says on the disk what was removed of each channel, and which segments are not there. */
void journal_write_removed(struct disk_journal *disk);

/*
 * Once all segments are open: what was removed of each channel is known by what was read, which may
 * be nothing, if it fits to them. all_there: none is missing.
 */
void journal_know_removed(
	struct disk_journal *disk, const struct removed_file *removed, bool all_there);

/* Removes closed segments that are over the limits and not needed. */
void journal_retain(struct disk_journal *disk);

/* Reads a page for newcomers, beside the loop (journal_read.c). */
void page_read_start(struct journal *journal, struct journal_page_read *read);

/* Reads the newest messages of a channel, beside the loop (journal_recall.c). */
uint64_t message_count(struct journal *journal, struct chat_span channel);
void newest_read_start(struct journal *journal, struct journal_newest_read *recall);

/*
 * Reads these lines of a segment's file, ascending, in large pieces. each gets the text without
 * newline, valid during the call, checksum compared; -1 from it ends the reading. Returns -1 with
 * *bad set to the place that is not what was written (or NULL: could not be read).
 */
typedef int lines_read_each(void *arg, const struct position *position, struct chat_span text);
int lines_read(int fd, const struct position *positions, size_t count, lines_read_each *each,
	void *arg, const struct position **bad, struct chat_err *err);

#endif
