#ifndef SERVE_JOURNAL_TALLY_H
#define SERVE_JOURNAL_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "chat/url.h"
#include "text/hash.h"

/*
 * What the closed segments of a journal hold of each channel, in memory: how many messages, and
 * where its newest ones are.
 */
#define STATS_BYTES_MAX ((size_t)16 << 20) /* above that the tallies of the quietest go */
#define STATS_COUNT_UNKNOWN ((uint64_t)1 << 62) /* messages of a channel whose tally went */

/* The messages of a channel in a closed segment. */
struct stats_run {
	uint32_t segment;
	uint32_t count;
};

struct channel_stats {
	UT_hash_handle hh;
	struct channel_stats *prev,
		*next; /* utlist: who was in a closed segment longest ago first */
	uint64_t count; /* in all closed segments; 0: all of them were removed */
	uint64_t kept; /* those of the runs */
	uint64_t hidden_upto; /* no message that was removed, or is hidden before the runs, has a
			  higher number */
	uint64_t removed_upto; /* none that was removed has a higher one */
	struct stats_run *runs; /* with one of the newest messages, ascending */
	uint32_t runs_count, runs_cap;
	uint32_t newest; /* number of the last segment with one */
	uint32_t len;
	char channel[CHAT_CHANNEL_MAX + 1];
};

struct channel_stats_table {
	struct channel_stats *by_channel;
	struct channel_stats *oldest;
	size_t bytes;
	uint64_t limit; /* newest messages of a channel that runs are kept of; 0: there are none */
	uint64_t hidden_upto, removed_upto; /* the highest of those whose tallies went */
	bool limit_hides; /* readers get no others than these */
	bool evicted; /* some went: of a channel without one nothing is known */
};

/* A segment, which may have been removed, has one channel's newest messages more, or less. */
typedef uint64_t stats_run_changed(void *arg, uint32_t segment, int by);

/* NULL: there is none. */
struct channel_stats *stats_find(const struct channel_stats_table *table, struct chat_span channel);

/*
 * A segment has been closed with so many messages of a channel. held(arg, segment, by) is called
 * for each segment that begins (1), or ends (-1), to hold one of the newest messages of the
 * channel, and returns the number of its last message.
 */
void stats_add(struct channel_stats_table *table, struct chat_span channel, uint32_t segment,
	uint32_t count, stats_run_changed *run_changed, void *arg);

/*
 * A segment with so many has been removed, the last of them with this number. That something of the
 * channel was is known from then on.
 */
void stats_remove(struct channel_stats_table *table, struct chat_span channel, struct stats_run run,
	uint64_t last, stats_run_changed *run_changed, void *arg);

/*
 * What was removed earlier: of a channel, and of every other one, named or not, no message with a
 * higher number was. The others first.
 */
void stats_note_removed(
	struct channel_stats_table *table, struct chat_span channel, uint64_t number);
void stats_note_others(struct channel_stats_table *table, uint64_t number);

/*
 * So many newer ones lie in open segments: how many runs have none of the newest messages then;
 * *skip: how many are not of the next run, or, where there is none, of those in open segments.
 */
uint32_t stats_hidden_runs(const struct channel_stats_table *table,
	const struct channel_stats *stats, uint64_t open, uint64_t *skip);

/* How many messages are in closed segments behind this one: of those of the runs, at least. */
uint64_t stats_count_after(const struct channel_stats *stats, uint32_t segment);

/*
 * Those whose channels were quiet longest go, until there is room; the segments hold what they
 * held. Whether any went.
 */
bool stats_evict(struct channel_stats_table *table);

void stats_free(struct channel_stats_table *table);

#endif
