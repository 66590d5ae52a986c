#ifndef SERVE_JOURNAL_CHANNEL_STATS_H
#define SERVE_JOURNAL_CHANNEL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/span.h"
#include "text/hash.h"
#include "wire/url.h"

/*
 * Statistics of each channel, in memory: the number of its messages in closed segments, the
 * segments with its newest messages, and the highest number of a removed message. If they use more
 * memory than STATS_BYTES_MAX, stats_evict evicts those of the channels that were quiet longest.
 */
#define STATS_BYTES_MAX ((size_t)16 << 20) /* in bytes; stats_evict keeps the memory below it */
#define STATS_COUNT_UNKNOWN ((uint64_t)1 << 62) /* the count if statistics were evicted */

/* The messages of a channel in one closed segment. */
struct stats_run {
	uint32_t segment;
	uint32_t count;
};

struct channel_stats {
	UT_hash_handle hh; /* in table->by_channel */
	struct channel_stats *prev, *next; /* in table->oldest */
	uint64_t count; /* the number of messages in closed segments; 0: all were removed */
	uint64_t kept; /* the number of messages in `runs` */
	uint64_t hidden_upto; /* no message removed or hidden before `runs` is newer */
	uint64_t removed_upto; /* no removed message has a higher number */
	struct stats_run *runs; /* segments with at least one of its newest messages, ascending */
	uint32_t runs_count, runs_cap;
	uint32_t newest; /* the newest segment with its messages; valid if count > 0 */
	uint32_t len; /* the length of the name */
	char channel[CHAT_CHANNEL_MAX + 1];
};

struct channel_stats_table {
	struct channel_stats *by_channel; /* uthash, by name */
	struct channel_stats *oldest; /* utlist; the channel that was quiet longest is the first */
	size_t bytes; /* the memory of all statistics, in bytes */
	uint64_t limit; /* messages of a channel that `runs` cover; 0: no runs */
	bool limit_hides; /* readers get only the newest `limit` messages */
	uint64_t hidden_upto, removed_upto; /* the highest values of evicted statistics */
	bool evicted; /* statistics with messages were evicted: others are incomplete */
};

/*
 * Called when a segment gets the first of a channel's newest messages (by is 1), or has none of
 * them any more (by is -1). Returns the number of the segment's last message, or of the newest
 * removed message if the segment was removed.
 */
typedef uint64_t stats_run_changed(void *arg, uint32_t segment, int by);

/* Returns the statistics of a channel, valid until they are evicted, or NULL if there are none. */
struct channel_stats *stats_find(const struct channel_stats_table *table, struct chat_span channel);

/* ---- segments ---- */

/* Adds the messages of a channel in a closed segment, which must be newer than all counted ones. */
void stats_add(struct channel_stats_table *table, struct chat_span channel, uint32_t segment,
	uint32_t count, stats_run_changed *run_changed, void *arg);

/*
 * Subtracts the messages of a channel in a segment that is removed. last: the number of the last of
 * these messages.
 */
void stats_remove(struct channel_stats_table *table, struct chat_span channel, struct stats_run run,
	uint64_t last, stats_run_changed *run_changed, void *arg);

/* ---- messages that were removed before the server started ---- */

/* Records that no removed message of this channel has a number above `number`. */
void stats_note_removed(
	struct channel_stats_table *table, struct chat_span channel, uint64_t number);

/*
 * Records that no removed message of any channel has a number above `number`, except those that
 * stats_note_removed records later.
 */
void stats_note_others(struct channel_stats_table *table, uint64_t number);

/* ---- what readers get ---- */

/*
 * Returns the number of runs, from the first on, without any of the channel's newest messages.
 * open: the number of its messages in open segments, which are newer. Sets *skip to the number of
 * messages that are not among the newest, in the next run, or in the open segments if there is no
 * next run. table->limit must not be 0.
 */
uint32_t stats_hidden_runs(const struct channel_stats_table *table,
	const struct channel_stats *stats, uint64_t open, uint64_t *skip);

/* Returns the number of messages in the runs with segment numbers above `segment`. */
uint64_t stats_count_after(const struct channel_stats *stats, uint32_t segment);

/* ---- memory ---- */

/* Evicts statistics if they use more than STATS_BYTES_MAX. Returns true if it evicted any. */
bool stats_evict(struct channel_stats_table *table);

/* Frees all statistics. */
void stats_free(struct channel_stats_table *table);

#endif
