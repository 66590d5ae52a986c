#ifndef SERVE_JOURNAL_CHANNEL_STATS_H
#define SERVE_JOURNAL_CHANNEL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "chat/url.h"
#include "text/hash.h"

/*
 * Statistics of each channel, in memory: how many messages the closed segments have of it, which of
 * them have its newest ones, and what was removed. Where they take too much memory, those of the
 * channels that were quiet longest are evicted.
 */
#define STATS_BYTES_MAX ((size_t)16 << 20) /* above that statistics are evicted */
#define STATS_COUNT_UNKNOWN ((uint64_t)1 << 62) /* messages of a channel, once any was evicted */

/* How many messages of a channel a closed segment has. */
struct stats_run {
	uint32_t segment;
	uint32_t count;
};

struct channel_stats {
	UT_hash_handle hh; /* in table->by_channel */
	struct channel_stats *prev, *next; /* in table->oldest */
	uint64_t count; /* messages in all closed segments; 0: all were removed */
	uint64_t kept; /* messages in the segments of the runs */
	uint64_t hidden_upto; /* no removed message, and none hidden before the runs, is newer */
	uint64_t removed_upto; /* no removed message has a higher number */
	struct stats_run *runs; /* segments with one of its newest messages, ascending */
	uint32_t runs_count, runs_cap;
	uint32_t newest; /* number of the last segment with a message of it */
	uint32_t len; /* of the name */
	char channel[CHAT_CHANNEL_MAX + 1];
};

struct channel_stats_table {
	struct channel_stats *by_channel; /* uthash */
	struct channel_stats *oldest; /* utlist, in the order of their last closed segments */
	size_t bytes; /* of memory */
	uint64_t limit; /* runs have so many newest messages of a channel; 0: there are no runs */
	bool limit_hides; /* readers get no other messages than those */
	uint64_t hidden_upto, removed_upto; /* the highest of the channels that were evicted */
	bool evicted; /* some with messages were: a channel without statistics may have some */
};

/*
 * Called when a segment begins (by 1) or ends (by -1) to have one of a channel's newest messages.
 * Returns the number of the last message of the segment, which may have been removed.
 */
typedef uint64_t stats_run_changed(void *arg, uint32_t segment, int by);

/* Returns the statistics of a channel, valid until they are evicted; NULL if there are none. */
struct channel_stats *stats_find(const struct channel_stats_table *table, struct chat_span channel);

/* ---- segments ---- */

/* Counts the messages of a channel in a segment that was closed, and is newer than all others. */
void stats_add(struct channel_stats_table *table, struct chat_span channel, uint32_t segment,
	uint32_t count, stats_run_changed *run_changed, void *arg);

/*
 * Subtracts the messages of a channel in a segment that is removed; last: the number of the last of
 * them.
 */
void stats_remove(struct channel_stats_table *table, struct chat_span channel, struct stats_run run,
	uint64_t last, stats_run_changed *run_changed, void *arg);

/* ---- messages that were removed before the server started ---- */

/* Records that no removed message of the channel has a higher number than this. */
void stats_note_removed(
	struct channel_stats_table *table, struct chat_span channel, uint64_t number);

/* The same, of all channels. It has to be called before stats_note_removed. */
void stats_note_others(struct channel_stats_table *table, uint64_t number);

/* ---- what readers get ---- */

/*
 * Returns how many runs, from the first one on, have none of the channel's newest messages, where
 * the open segments have so many newer ones. Sets *skip to how many messages of the next run, or of
 * the open segments where there is no next run, are not among the newest.
 */
uint32_t stats_hidden_runs(const struct channel_stats_table *table,
	const struct channel_stats *stats, uint64_t open, uint64_t *skip);

/* Returns how many messages the runs behind that segment have. */
uint64_t stats_count_after(const struct channel_stats *stats, uint32_t segment);

/* ---- memory ---- */

/* Evicts statistics where all take more than STATS_BYTES_MAX. Returns true if it evicted any. */
bool stats_evict(struct channel_stats_table *table);

/* Frees all statistics. */
void stats_free(struct channel_stats_table *table);

#endif
