/*
 * Counts the messages of a channel, and selects those that readers get: with --journal-max-messages
 * only the newest ones, even if older ones are still on the disk.
 */
#include "serve/journal/max_messages.h"

#include "serve/journal/closed_stats.h"

/* ---- counts ---- */

uint64_t
open_message_count(const struct disk_journal *disk, struct chat_span channel)
{
	const struct segment *lists[] = {
		disk->segments.finishing, disk->segments.full, disk->segments.active};
	uint64_t count = 0;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (const struct segment *segment = lists[i]; segment; segment = segment->next) {
			const struct channel_positions *positions =
				index_find(&segment->index, channel);

			count += positions ? positions->count : 0;
		}
	return count;
}

uint64_t
closed_message_count(const struct disk_journal *disk, struct chat_span channel, uint32_t *newest)
{
	const struct channel_stats *stats = stats_find(&disk->stats, channel);

	*newest = stats ? stats->newest : 0;
	if (!disk->stats.evicted)
		return stats ? stats->count : 0;
	if (!stats)
		*newest = UINT32_MAX;
	return STATS_COUNT_UNKNOWN;
}

uint64_t
message_count(struct journal *journal, struct chat_span channel)
{
	const struct disk_journal *disk = (const struct disk_journal *)journal;
	uint32_t newest;

	return closed_message_count(disk, channel, &newest) + open_message_count(disk, channel);
}

/* ---- what readers get ---- */

/*
 * Returns the number of the last message in the closed segments before `segment`, or 0 if there are
 * none.
 */
static uint64_t
last_before(const struct disk_journal *disk, uint32_t segment)
{
	size_t i = disk->closed.count;

	while (i > 0 && disk->closed.at[i - 1].number >= segment)
		i--;
	return i > 0 ? disk->closed.at[i - 1].last : 0;
}

/*
 * Corrects a range after an eviction of statistics: then a channel may have messages that were not
 * counted, in closed segments before first_counted. counted: the number of messages that were
 * counted. If that is less than readers get, they also get the others; otherwise the others are
 * hidden.
 */
static void
include_uncounted(const struct disk_journal *disk, struct visible_range *range, uint64_t counted,
	uint32_t first_counted)
{
	uint64_t hidden_upto = last_before(disk, first_counted);

	if (!disk->stats.evicted || !disk->options.max_messages)
		return;
	if (counted < disk->options.max_messages)
		range->first_segment = 0;
	else if (range->hidden_upto < hidden_upto)
		range->hidden_upto = hidden_upto;
}

/*
 * Returns the range of a channel without statistics: it has no messages in closed segments, or its
 * statistics were evicted. open: the number of its messages in open segments.
 */
static struct visible_range
range_without_stats(const struct disk_journal *disk, uint64_t open)
{
	uint64_t max_messages = disk->options.max_messages;
	struct visible_range range = {.hidden_upto = disk->stats.hidden_upto};

	if (max_messages && open >= max_messages) {
		range.first_segment = UINT32_MAX;
		range.skip = open - max_messages;
	}
	include_uncounted(disk, &range, open, UINT32_MAX);
	return range;
}

static struct visible_range
range_by_stats(const struct disk_journal *disk, const struct channel_stats *stats, uint64_t open)
{
	struct visible_range range = {.hidden_upto = stats->hidden_upto};
	uint32_t hidden;

	if (!disk->options.max_messages)
		return range;
	hidden = stats_hidden_runs(&disk->stats, stats, open, &range.skip);
	range.first_segment = hidden < stats->runs_count ? stats->runs[hidden].segment : UINT32_MAX;
	if (hidden) {
		uint64_t last = closed_stats_last(disk, stats->runs[hidden - 1].segment);

		range.hidden_upto = last > range.hidden_upto ? last : range.hidden_upto;
	}
	include_uncounted(disk, &range, stats->kept + open,
		stats->runs_count ? stats->runs[0].segment : UINT32_MAX);
	return range;
}

struct visible_range
visible_range(const struct disk_journal *disk, struct chat_span channel)
{
	const struct channel_stats *stats = stats_find(&disk->stats, channel);
	uint64_t open = disk->options.max_messages ? open_message_count(disk, channel) : 0;
	struct visible_range range =
		stats ? range_by_stats(disk, stats, open) : range_without_stats(disk, open);

	if (range.hidden_upto < disk->removals.unknown)
		range.hidden_upto = disk->removals.unknown;
	return range;
}

uint64_t
removed_upto(const struct disk_journal *disk, struct chat_span channel)
{
	const struct channel_stats *stats = stats_find(&disk->stats, channel);
	uint64_t removed = stats ? stats->removed_upto : disk->stats.removed_upto;

	return removed > disk->removals.unknown ? removed : disk->removals.unknown;
}
