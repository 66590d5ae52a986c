#ifndef SERVE_JOURNAL_REMOVED_H
#define SERVE_JOURNAL_REMOVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "serve/journal/channel_stats.h"

/*
 * The file `removed` of a journal (chat-journal(5)): of which channels messages were removed, and
 * up to which number. It is believed of no segment that it does not name: what else is missing may
 * have held messages of any channel.
 */
#define REMOVED_NAME "removed"

/* Segments that are not there: from one to the other. */
struct removed_range {
	uint32_t first, last;
};

struct removed_channel {
	char name[72]; /* NULs behind it */
	uint64_t number; /* of its newest message that was removed */
};

struct removed_head {
	char magic[8];
	uint64_t unknown; /* up to this, of which channels messages were removed is not known */
	uint64_t others; /* the same, of channels that are not named */
	uint32_t channels, ranges;
	uint32_t crc; /* of the whole file, this as 0 */
	uint32_t unused; /* 0 */
};

/* In memory; all zeros: nothing is known. */
struct removed_file {
	struct removed_head head;
	char *bytes; /* the whole file; the next two lie in it */
	const struct removed_channel *channels;
	const struct removed_range *ranges; /* ascending */
	uint64_t newest; /* the highest number in it */
};

/*
 * Writes it whole under a temporary name, then renames; it is not synced. gaps: an array of struct
 * removed_gap. -1 with CHAT_CANNOT_CREATE or CHAT_IO_ERROR, and the old file stays.
 */
int removed_file_write(int dir_fd, const struct channel_stats_table *table, uint64_t unknown,
	const struct chat_buf *ranges, struct chat_err *err);

/*
 * fsync(2), on any thread. Where it fails, the file can be damaged or old after a loss of power,
 * which is seen then.
 */
void removed_file_sync(int dir_fd);

/* To be freed in any case. 1: it is there. 0: it is not. -1 with a sentence: it cannot be believed.
 */
int removed_file_read(struct removed_file *file, int dir_fd, struct chat_err *err);
void removed_file_free(struct removed_file *file);

/* Whether it tells of all these segments. */
bool removed_file_names(const struct removed_file *file, uint32_t first, uint32_t last);

/* The last segment that it tells of; 0: none. */
uint32_t removed_file_last_segment(const struct removed_file *file);

/* What it says of each channel becomes known to the tallies of what is there. */
void removed_file_apply(const struct removed_file *file, struct channel_stats_table *table);

#endif
