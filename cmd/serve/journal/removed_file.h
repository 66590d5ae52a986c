#ifndef SERVE_JOURNAL_REMOVED_FILE_H
#define SERVE_JOURNAL_REMOVED_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "serve/journal/channel_stats.h"

/*
 * The file `removed` (chat-journal(5)): up to which number messages of each channel were removed,
 * and which segments are missing because of that. Where another segment is missing, messages of any
 * channel may be.
 */
#define REMOVED_NAME "removed"

/* Segments that are missing: from first to last. */
struct removed_range {
	uint32_t first, last;
};

struct removed_channel {
	char name[72]; /* padded with NULs */
	uint64_t number; /* of its newest removed message */
};

struct removed_head {
	char magic[8];
	uint64_t unknown; /* messages of any channel may be missing up to this number */
	uint64_t others; /* the same, of channels that are not in the file */
	uint32_t channels, ranges; /* how many there are */
	uint32_t crc; /* of the whole file, with 0 here */
	uint32_t unused; /* 0 */
};

/* The file in memory. All zeros: there is none. */
struct removed_file {
	struct removed_head head;
	char *bytes; /* the whole file; the next two point into it; NULL: there is none */
	const struct removed_channel *channels;
	const struct removed_range *ranges; /* ascending */
	uint64_t newest; /* the highest number in it */
};

/*
 * Writes the file whole under a temporary name, then renames it; does not sync it. ranges: an array
 * of struct removed_range. Returns 0; -1 with CHAT_CANNOT_CREATE or CHAT_IO_ERROR, and the old file
 * stays.
 */
int removed_file_write(int dir_fd, const struct channel_stats_table *stats_table, uint64_t unknown,
	const struct chat_buf *ranges, struct chat_err *err);

/*
 * Syncs the file, on any thread. A failure is ignored: a file that is damaged or old after a loss
 * of power is recognized as such.
 */
void removed_file_sync(int dir_fd);

/*
 * Reads the file. Returns 1 if it is there, 0 if it is not, and -1 if it cannot be trusted. The
 * caller frees *file in any case.
 */
int removed_file_read(struct removed_file *file, int dir_fd, struct chat_err *err);
void removed_file_free(struct removed_file *file);

/* Returns true if the file says that all these segments are missing. */
bool removed_file_names(const struct removed_file *file, uint32_t first, uint32_t last);

/* Returns the number of the last missing segment; 0 if none is. */
uint32_t removed_file_last_segment(const struct removed_file *file);

/* Adds what the file says of channels to their statistics. */
void removed_file_apply(const struct removed_file *file, struct channel_stats_table *stats_table);

#endif
