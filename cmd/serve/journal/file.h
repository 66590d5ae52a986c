#ifndef SERVE_JOURNAL_FILE_H
#define SERVE_JOURNAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "serve/journal/flush.h"
#include "serve/journal/journal.h"
#include "serve/journal/opened.h"
#include "serve/journal/queue.h"
#include "serve/journal/removed.h"
#include "serve/journal/segment.h"
#include "serve/journal/tally.h"
#include "text/hash.h"

/*
 * The journal of one machine: a directory of segments (chat-journal(5)), of which the last one
 * grows. A tick's messages are appended with one write; what waits for the disk waits in a thread
 * (journal_flush.h), and, with JOURNAL_ALWAYS, a batch at a time: what comes meanwhile is the next.
 */
enum journal_sync {
	JOURNAL_ALWAYS, /* durable: on the disk */
	JOURNAL_BATCH, /* durable: written; on the disk within 100 ms */
	JOURNAL_NEVER /* durable: written */
};

struct journal_options {
	const char *dir;
	enum journal_sync sync;
	uint64_t segment_bytes; /* one so long is closed */
	uint64_t max_bytes; /* of all files of segments (chat-journal(5)); 0: any */
	int64_t max_age_ms; /* of a closed one's last message; 0: any */
	int64_t answer_ms; /* within which the disk answers */
	uint64_t max_messages; /* of a channel, that are given to readers; 0: all */
	uint32_t history; /* messages of each channel that are never removed for these */
	bool repair; /* take damaged lines out */
};

/* A segment that grows no more. */
struct closed_segment {
	uint32_t number;
	uint64_t base, last; /* numbers of its messages: above, up to; those before it if none */
	int64_t timestamp_ms; /* the latest in it */
	uint64_t lines_bytes, bytes; /* of its lines; of all its files */
	const struct tally *needed_by; /* NULL: nobody is known to */
	uint32_t holders; /* channels of which it has one of the newest messages */
	bool leaves; /* its messages are counted as removed, its files are to be */
};

struct journal_file {
	struct journal journal;
	struct journal_options options;
	uv_loop_t *loop;
	int dir_fd, lock_fd;
	struct flusher flusher;
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
	struct tallies tallies;
	bool cuts_history; /* to keep its bound, and that has been said */
	bool stuck; /* a full segment got no index */
	bool remaking; /* an index that retention needs */
	bool closing; /* the loop is closed */
	uint32_t unknown; /* up to this segment there is no more to be known */
	struct open_segments opened; /* of the closed ones */
	uint32_t told_damage; /* in this segment; said on stderr */
	struct segment *full; /* grown enough and not closed yet, oldest first */
	struct segment *finishing; /* those of them that the thread has */
	struct segment *active;

	struct journal_queue queue;
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

/* Makes its directory, if it is not there: what journal_file_open begins with. */
int journal_file_make(const char *dir, struct chat_err *err);

/*
 * Locks and checks the directory, which is made, and gets ready to append. try_later: another
 * server has it; bad_message: damage in the middle.
 */
struct journal *journal_file_open(const struct journal_options *options, uv_loop_t *loop,
	const struct journal_events *events, void *arg, struct chat_err *err);

/* ---- between the files of this kind ---- */

struct scan;

/* Opens what is in the directory (journal_recover.c). */
int journal_recover(struct journal_file *file, struct chat_err *err);

/*
 * Scans a segment and puts it in order, or says why not: CHAT_BAD_MESSAGE, it is damaged
 * (journal_mend.c).
 */
int journal_segment_check(
	struct journal_file *file, uint32_t number, struct scan *scan, struct chat_err *err);

/*
 * The index file of a closed segment, at the start: made again where it is missing or wrong; with
 * check, after every line was held against its checksum.
 */
int journal_index_open(struct journal_file *file, uint32_t number, bool check,
	struct index_file *index, struct chat_err *err);

/* What the kind does (journal.h), and what happens meanwhile (journal_write.c). */
uint64_t journal_file_append(
	struct journal *journal, const struct journal_line *line, struct chat_span text);
void journal_file_commit(struct journal *journal);
void journal_file_rotate(struct journal *journal);
void journal_file_tick(uv_timer_t *timer);

/* Has what was written synced, and full segments closed; the flusher is idle. */
void journal_file_flush(struct journal_file *file, bool sums);
void journal_file_flushed(void *arg, struct flush_job *job);

/* Adds a segment to the closed ones; what it holds is tallied behind that (journal_keep.c). */
void journal_note_closed(struct journal_file *file, struct closed_segment closed);
void journal_tally(
	struct journal_file *file, struct chat_span channel, uint32_t segment, uint32_t count);

/* The tallies are all there: those that there is no room for go. */
void journal_tallied(struct journal_file *file);

/*
 * How many messages of a channel the closed segments hold, or TALLY_UNKNOWN; newest: the last
 * segment that may have one.
 */
uint64_t journal_tally_find(
	const struct journal_file *file, struct chat_span channel, uint32_t *newest);

/* How many the segments have that are not closed. */
uint64_t journal_count_open(const struct journal_file *file, struct chat_span channel);

/* What a channel's readers do not get: it was removed, or --journal-max-messages keeps no more. */
struct journal_hidden {
	uint32_t first; /* what is in closed segments before this; UINT32_MAX: in all of them; */
	uint64_t skip; /* and so many from there on, of the open ones where it is all of the others
			*/
	uint64_t newest; /* no message before those has a higher number */
};

/* No message of the channel that was removed has a higher number. */
uint64_t journal_removed(const struct journal_file *file, struct chat_span channel);

struct journal_hidden journal_hidden(struct journal_file *file, struct chat_span channel);

/* How long all its files are, and how long the segment that grows is to be. */
uint64_t journal_bytes(const struct journal_file *file);
uint64_t journal_share(const struct journal_file *file);

/* Whether they are longer than that once the one that grows is; 0: any length will do. */
bool journal_is_over(const struct journal_file *file, uint64_t max_bytes);

/* Says on the disk what was removed of each channel, and which segments are not there. */
void journal_write_removed(struct journal_file *file);

/*
 * Once all segments are open: what was removed of each channel is known by what was read, which may
 * be nothing, if it fits to them. all_there: none is missing.
 */
void journal_know_removed(
	struct journal_file *file, const struct removed_file *removed, bool all_there);

/* Removes closed segments that are over the limits and not needed. */
void journal_retain(struct journal_file *file);

/* Reads a page for newcomers, beside the loop (journal_read.c). */
void journal_file_read(struct journal *journal, struct journal_read *read);

/* Reads the newest messages of a channel, beside the loop (journal_recall.c). */
uint64_t journal_file_count(struct journal *journal, struct chat_span channel);
void journal_file_recall(struct journal *journal, struct journal_recall *recall);

/*
 * Reads these lines of a segment's file, ascending, in large pieces. each gets the text without
 * newline, valid during the call, checksum compared; -1 from it ends the reading. Returns -1 with
 * *bad set to the place that is not what was written (or NULL: could not be read).
 */
typedef int lines_each(void *arg, const struct place *place, struct chat_span text);
int journal_lines_read(int fd, const struct place *places, size_t count, lines_each *each,
	void *arg, const struct place **bad, struct chat_err *err);

#endif
