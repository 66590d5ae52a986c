#ifndef SERVE_JOURNAL_INDEX_H
#define SERVE_JOURNAL_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/url.h"
#include "serve/journal/epochs.h"
#include "serve/journal/line.h"
#include "text/hash.h"

/*
 * Where the messages of each channel lie in a segment: in memory while the segment grows, then in a
 * file beside it (journal_index_file.h).
 */
#define SEGMENT_BYTES_MAX UINT32_MAX /* of its lines */

struct position {
	uint32_t number; /* of the message, less the segment's base */
	uint32_t at, len; /* of the line, without newline */
	uint32_t crc; /* of the line and its newline */
};

struct channel_positions {
	UT_hash_handle hh;
	struct channel_positions *next, *prev; /* in index->recent */
	struct position *at; /* ascending */
	uint32_t count, cap;
	uint32_t len;
	char channel[CHAT_CHANNEL_MAX + 1];
};

struct journal_index {
	uint64_t base; /* below every number in it */
	uint64_t last; /* number; base while there is none */
	int64_t timestamp_ms; /* the latest */
	uint32_t count;
	struct channel_positions *channels;
	struct channel_positions
		*recent; /* utlist: the same, the one that was added to last at the end */
	struct epochs epochs;
	size_t bytes; /* of memory */
};

void index_free(struct journal_index *index);
void index_add(
	struct journal_index *index, const struct journal_line *line, struct position position);

/*
 * Takes back the lines that begin at this offset or behind it; nothing before it will ever be taken
 * back. last: of the messages that stay.
 */
void index_truncate(struct journal_index *index, uint64_t at, uint64_t last);

/* NULL: none of this channel. */
const struct channel_positions *index_find(
	const struct journal_index *index, struct chat_span channel);

#endif
