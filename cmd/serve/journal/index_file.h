#ifndef SERVE_JOURNAL_INDEX_FILE_H
#define SERVE_JOURNAL_INDEX_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "serve/journal/index_format.h"

/*
 * The index file of a closed segment. All of it has checksums, and what it says is compared with
 * the size of the segment before it is used. Nothing depends on the file: where it is missing or
 * wrong, it is made from the segment (index_rebuild.h).
 */

/* An index file that is open for reading, by one thread at a time. */
struct index_file {
	int fd;
	struct index_head head;
	char *front; /* the front of the file; the next three point into it */
	const struct epoch *epochs;
	const struct index_channel *channels; /* by name; so are their positions */
	const uint32_t *block_crcs;
	struct position *block; /* the block that was read last */
	uint32_t block_number; /* of it; UINT32_MAX: none was read */
};

/*
 * Writes the file of these messages whole under a temporary name, then renames it. Returns 0, or
 * -1.
 */
int index_file_write(const struct journal_index *index, uint64_t lines_bytes, int dir_fd,
	const char *name, struct chat_err *err);

/*
 * Opens a file and checks its front. lines_bytes: size of the segment's file of lines. Returns 0;
 * -1 with CHAT_CANNOT_OPEN if it is missing or belongs to another user; -1 with CHAT_BAD_MESSAGE if
 * it is damaged, of an older form, or of a segment of another size: the text says which, without
 * the name.
 */
int index_file_open(struct index_file *file, int dir_fd, const char *name, uint64_t lines_bytes,
	struct chat_err *err);

/* Closes it. */
void index_file_close(struct index_file *file);

/* Returns the entry of a channel, valid while the file is open; NULL if there is none. */
const struct index_channel *index_file_find(
	const struct index_file *file, struct chat_span channel);

/*
 * Reads `count` positions of one channel, from `first` on. They ascend and lie within the segment;
 * otherwise the file is damaged: returns -1 with CHAT_BAD_MESSAGE.
 */
int index_file_read(struct index_file *file, uint32_t first, uint32_t count,
	struct position *positions, struct chat_err *err);

/* Returns true if all positions can be read. */
bool index_file_is_whole(struct index_file *file);

/* Returns true if the file is byte for byte what index_file_write would write. */
bool index_file_matches(struct index_file *file, const struct journal_index *index);

#endif
