#ifndef SERVE_JOURNAL_INDEX_FILE_H
#define SERVE_JOURNAL_INDEX_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index.h"

/*
 * The index of a closed segment as a file (chat-journal(5)), of which a reader needs the front and
 * a few places. All of it has checksums, and what it says is held against the size of the segment
 * before it is used. Nothing depends on the file: it is made again from the segment
 * (segment_index_open) where it is missing or wrong.
 */
struct index_channel {
	char name[72]; /* NULs behind it */
	uint32_t first, count; /* of its places */
};

struct index_head {
	char magic[8];
	uint64_t base, last;
	int64_t timestamp_ms;
	uint64_t lines_bytes; /* of the segment's file */
	uint32_t epochs, channels, positions;
	uint32_t crc; /* of all before the places, this as 0 */
};

#define INDEX_BLOCK 512 /* places that have one checksum */

/* An index file, opened for reading by one thread: all before the places is in memory. */
struct index_file {
	int fd;
	struct index_head head;
	char *front; /* all before the places; the next three lie in it */
	const struct epoch *epochs;
	const struct index_channel *channels; /* by name; their places follow one another */
	const uint32_t *block_crcs;
	struct position *block; /* the one read last */
	uint32_t block_number; /* UINT32_MAX: none */
};

/* How long the file of an index is. */
uint64_t index_file_size(const struct journal_index *index);

/* Writes it whole under a temporary name, then renames. */
int index_file_write(const struct journal_index *index, uint64_t lines_bytes, int dir_fd,
	const char *name, struct chat_err *err);

/*
 * lines_bytes: of the segment's file. -1 with CHAT_CANNOT_OPEN: it is missing or not ours;
 * CHAT_BAD_MESSAGE: it is damaged, of an older form, or of a segment of another size, which the
 * text says without the name.
 */
int index_file_open(struct index_file *file, int dir_fd, const char *name, uint64_t lines_bytes,
	struct chat_err *err);
void index_file_close(struct index_file *file);

const struct index_channel *index_file_find(
	const struct index_file *file, struct chat_span channel);

/*
 * Reads places of one channel. What it gives ascends and lies within the segment; otherwise it is
 * damaged: -1 with CHAT_BAD_MESSAGE.
 */
int index_file_read(struct index_file *file, uint32_t first, uint32_t count,
	struct position *positions, struct chat_err *err);

/* Whether index_file_read would give all of them. */
bool index_file_is_whole(struct index_file *file);

/* Whether index_file_write would write just that. */
bool index_file_matches(struct index_file *file, const struct journal_index *index);

#endif
