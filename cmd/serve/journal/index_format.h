#ifndef SERVE_JOURNAL_INDEX_FORMAT_H
#define SERVE_JOURNAL_INDEX_FORMAT_H

#include <stdint.h>

#include "chat/buf.h"
#include "serve/journal/index.h"

/*
 * The bytes of an index file (chat-journal(5)): the head, the epochs, the channels, a checksum for
 * each block of positions; then the positions. All before the positions is called the front.
 */
#define INDEX_MAGIC "chatidx2"
#define INDEX_MAGIC_OLD "chatidx1" /* of a form that is not read any more */
#define INDEX_BLOCK 512 /* positions that share one checksum */

struct index_head {
	char magic[8];
	uint64_t base, last; /* numbers of the messages: above base, up to last */
	int64_t timestamp_ms; /* the latest of the messages */
	uint64_t lines_bytes; /* size of the segment's file of lines */
	uint32_t epochs, channels, positions; /* how many there are */
	uint32_t crc; /* of the front, with 0 here */
};

struct index_channel {
	char name[72]; /* padded with NULs */
	uint32_t first, count; /* its positions */
};

/* Appends the index file of these messages to buf. lines_bytes: size of the file of lines. */
void index_format(const struct journal_index *index, uint64_t lines_bytes, struct chat_buf *buf);

/* Returns how many bytes the file will have. */
uint64_t index_format_size(const struct journal_index *index);

/* Returns the bytes of the front of a file with so many entries. */
uint64_t index_front_size(uint64_t epochs, uint64_t channels, uint64_t positions);

#endif
