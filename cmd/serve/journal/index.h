#ifndef SERVE_JOURNAL_INDEX_H
#define SERVE_JOURNAL_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "serve/journal/epochs.h"
#include "serve/journal/line.h"
#include "text/hash.h"
#include "wire/url.h"

/*
 * The index of a segment: the positions of each channel's messages. It is in memory while the
 * segment grows; when the segment is closed, it is written to a file next to it (index_file.h).
 */
#define SEGMENT_BYTES_MAX UINT32_MAX /* the most bytes of a segment's file of lines */

/* The position of a message in its segment. */
struct position {
	uint32_t number; /* of the message, minus the segment's base */
	uint32_t at, len; /* offset and length of the line, without its newline */
	uint32_t crc; /* CRC-32C of the line with its newline */
};

/* The positions of one channel. */
struct channel_positions {
	UT_hash_handle hh; /* in index->channels */
	struct channel_positions *next, *prev; /* in index->recent */
	struct position *at; /* ascending */
	uint32_t count, cap; /* count can be 0 after index_truncate */
	uint32_t len; /* the length of the name */
	char channel[CHAT_CHANNEL_MAX + 1];
};

/* All zeros is an empty index. */
struct journal_index {
	uint64_t base; /* all messages have higher numbers */
	uint64_t last; /* the number of the last message; equal to base if there is none */
	int64_t timestamp_ms; /* the latest timestamp of all added messages (Unix time) */
	uint32_t count; /* the number of messages */
	struct channel_positions *channels; /* uthash, by name */
	struct channel_positions
		*recent; /* utlist; the channel of the newest message is the last */
	struct epochs epochs; /* the epochs of its messages */
	size_t bytes; /* the memory of `channels`, in bytes */
};

/* Adds a message, which must be newer than all messages in the index. Sets position.number. */
void index_add(
	struct journal_index *index, const struct journal_line *line, struct position position);

/*
 * Removes the messages with lines that begin at offset `at` or after it. last: the number of the
 * last message that stays. `at` must not be lower than in an earlier call.
 */
void index_truncate(struct journal_index *index, uint64_t at, uint64_t last);

/* Returns the positions of a channel, valid until the index changes, or NULL if it has none. */
const struct channel_positions *index_find(
	const struct journal_index *index, struct chat_span channel);

/* Frees the content of the index. The index must not be used afterwards. */
void index_free(struct journal_index *index);

#endif
