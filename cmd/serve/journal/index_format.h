#ifndef SERVE_JOURNAL_INDEX_FORMAT_H
#define SERVE_JOURNAL_INDEX_FORMAT_H

#include <stdint.h>

#include "serve/journal/index.h"
#include "text/buf.h"

/*
 * The format of an index file (chat-journal(5)): the head, the epochs, the channels, a checksum for
 * each block of positions, then the positions. The part before the positions is called the front.
 */
#define INDEX_MAGIC "chatidx2"
#define INDEX_MAGIC_OLD "chatidx1" /* of an older form, which is not read any more */
#define INDEX_BLOCK 512 /* the number of positions in a block, which has one checksum */

struct index_head {
	char magic[8];
	uint64_t base, last; /* the messages have numbers above base, up to last */
	int64_t timestamp_ms; /* the latest timestamp of the messages (Unix time) */
	uint64_t lines_bytes; /* the size of the segment's file of lines */
	uint32_t epochs, channels, positions; /* the number of entries of each kind */
	uint32_t crc; /* of the front, with 0 in this member */
};

struct index_channel {
	char name[72]; /* padded with NULs */
	uint32_t first, count; /* the index of its first position, and their number */
};

/*
 * Appends an index file to buf, which must be empty. lines_bytes: the size of the segment's file of
 * lines.
 */
void index_format(const struct journal_index *index, uint64_t lines_bytes, struct chat_buf *buf);

/* Returns the size of the index file, at most: channels without messages count too. */
uint64_t index_format_size(const struct journal_index *index);

/* Returns the size of the front for these numbers of entries. */
uint64_t index_front_size(uint64_t epochs, uint64_t channels, uint64_t positions);

#endif
