#ifndef SERVE_JOURNAL_INDEX_H
#define SERVE_JOURNAL_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "chat/url.h"
#include "serve/journal/epochs.h"
#include "serve/journal/line.h"
#include "text/hash.h"

/*
 * The index of a segment: where the messages of each channel lie in it. It is in memory while the
 * segment grows, and becomes a file beside the segment when that is closed (index_file.h).
 */
#define SEGMENT_BYTES_MAX UINT32_MAX /* limit of a segment's file of lines */

/* Where a message lies in its segment. */
struct position {
	uint32_t number; /* of the message, minus the segment's base */
	uint32_t at, len; /* offset and length of the line, without newline */
	uint32_t crc; /* CRC-32C of the line with its newline */
};

/* The positions of one channel. */
struct channel_positions {
	UT_hash_handle hh; /* in index->channels */
	struct channel_positions *next, *prev; /* in index->recent */
	struct position *at; /* ascending */
	uint32_t count, cap; /* count can be 0 after index_truncate */
	uint32_t len; /* of the name */
	char channel[CHAT_CHANNEL_MAX + 1];
};

/* All zeros is an empty index. */
struct journal_index {
	uint64_t base; /* all its messages have higher numbers */
	uint64_t last; /* number of the last message; base if there is none */
	int64_t timestamp_ms; /* the latest of its messages */
	uint32_t count; /* messages */
	struct channel_positions *channels; /* uthash, by name */
	struct channel_positions
		*recent; /* utlist of the same; the last one added to is the last */
	struct epochs epochs; /* of its messages */
	size_t bytes; /* of memory */
};

/* Adds a message, which is newer than all in the index. */
void index_add(
	struct journal_index *index, const struct journal_line *line, struct position position);

/*
 * Removes the messages whose lines begin at this offset or behind it. last: number of the last
 * message that stays. Costs no more than what is removed, provided that no later call has a lower
 * offset.
 */
void index_truncate(struct journal_index *index, uint64_t at, uint64_t last);

/* Returns the positions of a channel, valid until the index changes; NULL if it has none. */
const struct channel_positions *index_find(
	const struct journal_index *index, struct chat_span channel);

/* Frees what is in the index. */
void index_free(struct journal_index *index);

#endif
