#ifndef SERVE_JOURNAL_SEGMENT_H
#define SERVE_JOURNAL_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"
#include "serve/journal/index.h"
#include "serve/journal/segment_file.h"
#include "text/buf.h"

/*
 * A segment of a journal: a file of lines, a file with a checksum for each line, and, when it is
 * closed, an index file (chat-journal(5)). Only these functions write messages to files.
 */

/* An open segment: it grows, or it is full and has no index file yet. */
struct segment {
	struct segment *next; /* in segments.full or segments.finishing */
	uint32_t number;
	int lines_fd, sums_fd; /* open for appending */
	uint64_t lines_bytes, sums_bytes; /* the sizes that the files should have */
	/*
	 * Checksums that are not written, because their lines are not synced. A loss of power may
	 * take any page of an unsynced line, and a checksum says that the line was there.
	 */
	struct chat_buf sums;
	bool sums_end; /* a checksum was not written: no later one is (the sync thread's) */
	struct journal_index index; /* the index of its messages */
	bool indexed; /* the index file was written */
};

/* ---- the first line ---- */

/* Appends the header, with its newline, to buf. */
void segment_header_write(struct chat_buf *buf, uint32_t number, uint64_t epoch);

/* Parses a header without its newline. Returns 0, or -1 if it is not a header of this version. */
int segment_header_read(struct chat_span line, uint64_t *epoch, struct chat_err *err);

/* ---- opening ---- */

/*
 * Creates a segment with its header. Existing files of that number are emptied, and its index file
 * is deleted. delay: as for segment_write. Returns NULL on failure. segment_free frees the result.
 */
struct segment *segment_create(
	int dir_fd, uint32_t number, uint64_t epoch, bool delay, struct chat_err *err);

/*
 * Opens an existing segment for appending; the sizes and the index are from a scan of it. Moves
 * *index into it, and makes *index empty. Returns NULL on failure. segment_free frees the result.
 */
struct segment *segment_reopen(int dir_fd, uint32_t number, uint64_t lines_bytes,
	uint64_t sums_bytes, struct journal_index *index, struct chat_err *err);

/* Returns the size that its two files will have, and the index file. */
uint64_t segment_bytes(const struct segment *segment);

/* Closes its files and frees it. segment may be NULL. */
void segment_free(struct segment *segment);

/* ---- writing ---- */

/*
 * Appends lines and their checksums, with one write(2) for each file unless it is partial. delay:
 * the checksums are only added to segment->sums. Returns 0, or -1 with errno, and then
 * segment_truncate must be called before anything else is written.
 */
int segment_write(struct segment *segment, struct chat_span lines, struct chat_span sums,
	bool delay, struct chat_err *err);

/*
 * Appends checksums, for the sync thread, after their lines were synced; does nothing after
 * segment->sums_end. On failure it sets that, and the file has none of them. Returns 0, or -1.
 */
int segment_write_sums(struct segment *segment, struct chat_span sums, struct chat_err *err);

/* Truncates files that are longer than they should be. Returns 0, or -1. */
int segment_truncate(struct segment *segment, struct chat_err *err);

/* Sync the file of lines and the file of checksums (fdatasync(2)). Return 0, or -1. */
int segment_sync_lines(struct segment *segment, struct chat_err *err);
int segment_sync_sums(struct segment *segment, struct chat_err *err);

/* Returns true if the file of lines has the size that it should have. */
bool segment_size_matches(const struct segment *segment);

/*
 * Checks that the names in the directory still lead to its files. changed: the caller has found
 * that another process changed them, which is a failure too. Returns 0, or -1 with CHAT_IO_ERROR.
 */
int segment_is_in_place(
	const struct segment *segment, int dir_fd, bool changed, struct chat_err *err);

/* Writes its index file. Returns 0, or -1. */
int segment_write_index(struct segment *segment, int dir_fd, struct chat_err *err);

#endif
