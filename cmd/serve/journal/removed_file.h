#ifndef SERVE_JOURNAL_REMOVED_FILE_H
#define SERVE_JOURNAL_REMOVED_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/channel_stats.h"
#include "text/buf.h"

/*
 * The file `removed` (chat-journal(5)): the number of the newest removed message of each channel,
 * and the numbers of the segments that are missing because they were removed. If any other segment
 * is missing, messages of any channel may be missing.
 */
#define REMOVED_NAME "removed"

/* Missing segments: the numbers from first to last, both included. */
struct removed_range {
	uint32_t first, last;
};

struct removed_channel {
	char name[72]; /* padded with NULs */
	uint64_t number; /* no removed message of the channel has a higher number */
};

struct removed_head {
	char magic[8];
	uint64_t unknown; /* messages of any channel may be missing up to this number */
	uint64_t others; /* the same for channels that are not in the file */
	uint32_t channels, ranges; /* the number of entries of each kind */
	uint32_t crc; /* of the whole file, with 0 in this member */
	uint32_t unused; /* must be 0 */
};

/* The file in memory. All zeros if it does not exist. */
struct removed_file {
	struct removed_head head;
	char *bytes; /* the whole file; the next two point into it; NULL: it does not exist */
	const struct removed_channel *channels;
	const struct removed_range *ranges; /* ascending */
	uint64_t newest; /* the highest number in it */
};

/*
 * Writes the file completely under a temporary name, then renames it; does not sync it. ranges: an
 * array of struct removed_range, ascending. Returns 0; or -1 with CHAT_CANNOT_CREATE or
 * CHAT_IO_ERROR, and then the old file is unchanged.
 */
int removed_file_write(int dir_fd, const struct channel_stats_table *stats_table, uint64_t unknown,
	const struct chat_buf *ranges, struct chat_err *err);

/*
 * Syncs the file. May be called on any thread. Ignores failures: after a power failure, the next
 * start detects if the file is damaged or old.
 */
void removed_file_sync(int dir_fd);

/*
 * Reads the file. Returns 1; 0 if it does not exist; or -1 if it is damaged or cannot be opened.
 * The caller frees *file in all cases.
 */
int removed_file_read(struct removed_file *file, int dir_fd, struct chat_err *err);
void removed_file_free(struct removed_file *file);

/* Returns true if the file says that all segments from first to last are missing. */
bool removed_file_names(const struct removed_file *file, uint32_t first, uint32_t last);

/* Returns the number of the last missing segment in the file, or 0 if there is none. */
uint32_t removed_file_last_segment(const struct removed_file *file);

/* Adds the removed messages of the channels to their statistics. */
void removed_file_apply(const struct removed_file *file, struct channel_stats_table *stats_table);

#endif
