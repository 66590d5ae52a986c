#ifndef SERVE_JOURNAL_MAX_MESSAGES_H
#define SERVE_JOURNAL_MAX_MESSAGES_H

#include <stdint.h>

#include "chat/span.h"
#include "serve/journal/state.h"

/* Returns how many messages of a channel all segments hold (journal_kind.message_count). */
uint64_t message_count(struct journal *journal, struct chat_span channel);

/* Returns how many messages of a channel the segments hold that are not closed. */
uint64_t open_message_count(const struct disk_journal *disk, struct chat_span channel);

/*
 * Returns how many messages of a channel the closed segments hold, or STATS_COUNT_UNKNOWN. Sets
 * *newest to the number of the last closed segment that may have one.
 */
uint64_t closed_message_count(
	const struct disk_journal *disk, struct chat_span channel, uint32_t *newest);

/* The messages of a channel that readers get: the newest options.max_messages, or all. */
struct visible_range {
	/* They are in closed segments from this one on; UINT32_MAX: in open segments only. */
	uint32_t first_segment;
	/* So many messages of first_segment, or of the open segments, come before them. */
	uint64_t skip;
	/* No removed message, and none before the range, has a higher number. */
	uint64_t hidden_upto;
};

struct visible_range visible_range(const struct disk_journal *disk, struct chat_span channel);

/* Returns a number such that no message of the channel that was removed has a higher one. */
uint64_t removed_upto(const struct disk_journal *disk, struct chat_span channel);

#endif
