#ifndef SERVE_JOURNAL_INDEX_FILE_H
#define SERVE_JOURNAL_INDEX_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_format.h"

/*
 * The index file of a closed segment. All of it has checksums, and it is compared with the size of
 * the segment before it is used. If the file is missing or wrong, it is made from the segment again
 * (index_rebuild.h).
 */

/* An index file that is open for reading, by one thread at a time. */
struct index_file {
	int fd;
	struct index_head head;
	char *front; /* the front of the file; the next three members point into it */
	const struct epoch *epochs;
	const struct index_channel *channels; /* by name; their positions have the same order */
	const uint32_t *block_crcs;
	struct position *block; /* the block that was read last; NULL: none was read */
	uint32_t block_number; /* the number of that block; UINT32_MAX: none was read */
};

/*
 * Writes the index file completely under a temporary name, then renames it; does not sync it.
 * Returns 0, or -1.
 */
int index_file_write(const struct journal_index *index, uint64_t lines_bytes, int dir_fd,
	const char *name, struct chat_err *err);

/*
 * Opens an index file and checks its front. lines_bytes: the size of the segment's file of lines.
 * Returns 0; -1 with errno and CHAT_CANNOT_OPEN if the file is missing, not a regular file, or
 * belongs to another user; -1 with CHAT_BAD_MESSAGE if it is damaged, of an older form, or of a
 * segment of another size. That error does not contain the name.
 */
int index_file_open(struct index_file *file, int dir_fd, const char *name, uint64_t lines_bytes,
	struct chat_err *err);

/* Closes the file and frees its memory. */
void index_file_close(struct index_file *file);

/* Returns the entry of a channel, valid until the file is closed, or NULL if there is none. */
const struct index_channel *index_file_find(
	const struct index_file *file, struct chat_span channel);

/*
 * Reads `count` positions of one channel, from index `first` on. Returns 0, or -1 with
 * CHAT_BAD_MESSAGE if the file is damaged: a checksum differs, or the positions do not ascend or
 * are not in the segment.
 */
int index_file_read(struct index_file *file, uint32_t first, uint32_t count,
	struct position *positions, struct chat_err *err);

/* Returns true if all positions can be read and are valid. */
bool index_file_is_whole(struct index_file *file);

/* Returns true if the file is byte for byte what index_file_write would write. */
bool index_file_matches(struct index_file *file, const struct journal_index *index);

#endif
