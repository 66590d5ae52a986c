#ifndef SERVE_JOURNAL_CLOSED_STATS_H
#define SERVE_JOURNAL_CLOSED_STATS_H

#include <stdint.h>

#include "chat/span.h"
#include "serve/journal/state.h"

/* Adds the messages of a channel in a closed segment, which must be in disk->closed. */
void closed_stats_add(
	struct disk_journal *disk, struct chat_span channel, uint32_t segment, uint32_t count);

/*
 * Subtracts the messages of a channel in a segment that is removed. last: the number of the last of
 * these messages.
 */
void closed_stats_remove(
	struct disk_journal *disk, struct chat_span channel, struct stats_run run, uint64_t last);

/* Evicts statistics of quiet channels if all statistics use too much memory (stats_evict). */
void closed_stats_evict(struct disk_journal *disk);

/*
 * Returns the number of the last message of a closed segment, or of the newest removed message if
 * the segment is not in disk->closed.
 */
uint64_t closed_stats_last(const struct disk_journal *disk, uint32_t segment);

#endif
