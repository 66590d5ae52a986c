/*
 * The statistics are updated when a segment is closed or removed. Retention, readers and the file
 * `removed` use them, so that no index file must be opened to count messages.
 */
#include "serve/journal/channel_stats.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "serve/util/memory.h"
#include "text/buf.h"

#define EVICT_PART 8 /* stats_evict frees 1/8 of STATS_BYTES_MAX at once */

static void
number_raise(uint64_t *number, uint64_t to)
{
	if (*number < to)
		*number = to;
}

static size_t
stats_bytes(const struct channel_stats *stats)
{
	return memory_cost(sizeof(*stats)) +
		(stats->runs_cap ? memory_cost(stats->runs_cap * sizeof(*stats->runs)) : 0);
}

struct channel_stats *
stats_find(const struct channel_stats_table *table, struct chat_span channel)
{
	struct channel_stats *stats;

	HASH_FIND(hh, table->by_channel, channel.at, channel.len, stats);
	return stats;
}

static struct channel_stats *
stats_new(struct channel_stats_table *table, struct chat_span channel)
{
	struct channel_stats *stats = chat_alloc_zeroed(1, sizeof(*stats));

	stats->len = (uint32_t)channel.len;
	stats->hidden_upto = table->hidden_upto;
	stats->removed_upto = table->removed_upto;
	memcpy(stats->channel, channel.at, channel.len);
	HASH_ADD_KEYPTR(hh, table->by_channel, stats->channel, stats->len, stats);
	DL_APPEND(table->oldest, stats);
	table->bytes += stats_bytes(stats);
	return stats;
}

static void
stats_delete(struct channel_stats_table *table, struct channel_stats *stats)
{
	HASH_DEL(table->by_channel, stats);
	DL_DELETE(table->oldest, stats);
	table->bytes -= stats_bytes(stats);
	free(stats->runs);
	free(stats);
}

/* ---- runs ---- */

static void
runs_add(struct channel_stats_table *table, struct channel_stats *stats, struct stats_run run)
{
	if (stats->runs_count == stats->runs_cap) {
		table->bytes -= stats_bytes(stats);
		stats->runs_cap = stats->runs_cap ? 2 * stats->runs_cap : 2;
		stats->runs = chat_realloc(stats->runs, stats->runs_cap * sizeof(*stats->runs));
		table->bytes += stats_bytes(stats);
	}
	stats->runs[stats->runs_count++] = run;
	stats->kept += run.count;
}

/* Removes `count` runs, the first of them at index `at`. */
static void
runs_drop(struct channel_stats *stats, uint32_t at, uint32_t count)
{
	for (uint32_t i = at; i < at + count; i++)
		stats->kept -= stats->runs[i].count;
	stats->runs_count -= count;
	memmove(&stats->runs[at], &stats->runs[at + count],
		(stats->runs_count - at) * sizeof(*stats->runs));
}

uint32_t
stats_hidden_runs(const struct channel_stats_table *table, const struct channel_stats *stats,
	uint64_t open, uint64_t *skip)
{
	uint64_t all = stats->kept + open;
	uint32_t hidden = 0;

	while (hidden < stats->runs_count && all - stats->runs[hidden].count >= table->limit)
		all -= stats->runs[hidden++].count;
	*skip = all > table->limit ? all - table->limit : 0;
	return hidden;
}

uint64_t
stats_count_after(const struct channel_stats *stats, uint32_t segment)
{
	uint64_t newer = 0;

	for (uint32_t i = stats->runs_count; i-- && stats->runs[i].segment > segment;)
		newer += stats->runs[i].count;
	return newer;
}

/* ---- segments ---- */

void
stats_add(struct channel_stats_table *table, struct chat_span channel, uint32_t segment,
	uint32_t count, stats_run_changed *run_changed, void *arg)
{
	struct channel_stats *stats = stats_find(table, channel);
	uint32_t hidden;
	uint64_t skip;

	if (!count)
		return;
	if (!stats)
		stats = stats_new(table, channel);
	DL_DELETE(table->oldest, stats);
	DL_APPEND(table->oldest, stats);
	stats->count += count;
	stats->newest = segment;
	if (!table->limit)
		return;
	runs_add(table, stats, (struct stats_run){segment, count});
	run_changed(arg, segment, 1);
	hidden = stats_hidden_runs(table, stats, 0, &skip);
	for (uint32_t i = 0; i < hidden; i++) {
		uint64_t last = run_changed(arg, stats->runs[i].segment, -1);

		if (table->limit_hides)
			number_raise(&stats->hidden_upto, last);
	}
	runs_drop(stats, 0, hidden);
}

/* Makes the statistics of a channel that has no messages the first to be evicted. */
static void
stats_age(struct channel_stats_table *table, struct channel_stats *stats)
{
	DL_DELETE(table->oldest, stats);
	DL_PREPEND(table->oldest, stats);
}

void
stats_remove(struct channel_stats_table *table, struct chat_span channel, struct stats_run run,
	uint64_t last, stats_run_changed *run_changed, void *arg)
{
	struct channel_stats *stats = stats_find(table, channel);
	uint32_t i = 0;

	if (!stats) {
		number_raise(&table->hidden_upto, last);
		number_raise(&table->removed_upto, last);
		return;
	}
	number_raise(&stats->hidden_upto, last);
	number_raise(&stats->removed_upto, last);
	while (i < stats->runs_count && stats->runs[i].segment != run.segment)
		i++;
	if (i < stats->runs_count) {
		run_changed(arg, run.segment, -1);
		runs_drop(stats, i, 1);
	}
	stats->count -= run.count < stats->count ? run.count : stats->count;
	if (!stats->count)
		stats_age(table, stats);
}

void
stats_note_removed(struct channel_stats_table *table, struct chat_span channel, uint64_t number)
{
	struct channel_stats *stats = stats_find(table, channel);

	if (!stats)
		stats = stats_new(table, channel);
	number_raise(&stats->hidden_upto, number);
	number_raise(&stats->removed_upto, number);
	if (!stats->count)
		stats_age(table, stats);
}

void
stats_note_others(struct channel_stats_table *table, uint64_t number)
{
	number_raise(&table->hidden_upto, number);
	number_raise(&table->removed_upto, number);
	for (struct channel_stats *stats = table->oldest; stats; stats = stats->next) {
		number_raise(&stats->hidden_upto, number);
		number_raise(&stats->removed_upto, number);
	}
}

bool
stats_evict(struct channel_stats_table *table)
{
	bool some = table->bytes > STATS_BYTES_MAX;

	if (!some)
		return false;
	while (table->bytes > STATS_BYTES_MAX - STATS_BYTES_MAX / EVICT_PART) {
		struct channel_stats *stats = table->oldest;

		table->evicted = table->evicted || stats->count;
		number_raise(&table->hidden_upto, stats->hidden_upto);
		number_raise(&table->removed_upto, stats->removed_upto);
		stats_delete(table, stats);
	}
	return true;
}

void
stats_free(struct channel_stats_table *table)
{
	while (table->oldest)
		stats_delete(table, table->oldest);
}
