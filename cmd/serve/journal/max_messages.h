#ifndef SERVE_JOURNAL_MAX_MESSAGES_H
#define SERVE_JOURNAL_MAX_MESSAGES_H

#include <stdint.h>

#include "chat/span.h"
#include "serve/journal/state.h"

/* Returns the number of a channel's messages in all segments (journal_kind.message_count). */
uint64_t message_count(struct journal *journal, struct chat_span channel);

/* Returns the number of a channel's messages in the open segments. */
uint64_t open_message_count(const struct disk_journal *disk, struct chat_span channel);

/*
 * Returns the number of a channel's messages in closed segments, or STATS_COUNT_UNKNOWN. Sets
 * *newest to the number of the newest closed segment that can have one, or to UINT32_MAX if that is
 * unknown. *newest is valid if the result is not 0.
 */
uint64_t closed_message_count(
	const struct disk_journal *disk, struct chat_span channel, uint32_t *newest);

/* The messages of a channel that readers may get: the newest options.max_messages, or all. */
struct visible_range {
	/* The first closed segment with these messages; UINT32_MAX: only open ones have them. */
	uint32_t first_segment;
	/*
	 * The number of older messages in first_segment or, if that is UINT32_MAX, in open
	 * segments.
	 */
	uint64_t skip;
	/*
	 * No removed message, and no older message in a segment before first_segment, has a higher
	 * number.
	 */
	uint64_t hidden_upto;
};

struct visible_range visible_range(const struct disk_journal *disk, struct chat_span channel);

/* Returns a number; no removed message of the channel has a higher one. */
uint64_t removed_upto(const struct disk_journal *disk, struct chat_span channel);

#endif
