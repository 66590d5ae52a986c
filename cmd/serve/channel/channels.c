/*
 * All channels: found, made, forgotten; and what each of them remembers. Both are bounded for all
 * together, and so that nobody leaves nothing to others (makers.h, share.h).
 */
#include <stdlib.h>
#include <string.h>

#include "chat/buf.h"
#include "serve/channel/channel.h"
#include "serve/channel/since.h"

/* ---- history ---- */

/* Its part of the memory is what its history takes by now. */
static void
channel_account(struct channel *channel)
{
	struct channels *channels = channel->channels;
	struct holders *holders = channel->slot.idle ? &channels->idle_history : &channels->history;
	size_t bytes = channel->history.bytes, before = channel->holder.amount;

	if (bytes > before)
		holders_add(holders, &channel->holder, bytes - before);
	else
		holders_take(holders, &channel->holder, before - bytes);
}

static struct channel *
channel_of_holder(struct holder *holder)
{
	return (struct channel *)((char *)holder - offsetof(struct channel, holder));
}

/*
 * The channel that has to forget something: one of those that remember most. All idle ones together
 * keep half of the memory where those in use want more, and the other way round.
 */
static struct channel *
channels_richest(const struct channels *channels)
{
	bool idle = channels->idle_history.amount > channels->limits.history_bytes / 2;
	struct holder *holder =
		holders_largest(idle ? &channels->idle_history : &channels->history);

	if (!holder)
		holder = holders_largest(idle ? &channels->history : &channels->idle_history);
	return holder ? channel_of_holder(holder) : NULL;
}

static void
channels_fit_history(struct channels *channels, size_t most_bytes)
{
	struct channel *channel;

	while (channels_history_bytes(channels) > most_bytes &&
		(channel = channels_richest(channels))) {
		history_forget(&channel->history);
		channel_account(channel);
		if (channel->slot.idle)
			channel_forget(channel);
	}
}

static void
channel_fit_history(struct channel *channel)
{
	const struct channels_limits *limits = &channel->channels->limits;
	uint32_t keep = limits->history_keep + (channel->readers ? CATCHUP_TAIL_MESSAGES : 0);

	while (channel->history.count > keep)
		history_forget(&channel->history);
	channel_account(channel);
	channels_fit_history(channel->channels,
		limits->history_bytes + (channel->readers ? CATCHUP_TAIL_BYTES : 0));
}

void
channel_remember(struct channel *channel, const struct entry *entry)
{
	history_add(&channel->history, entry);
	channel_fit_history(channel);
}

void
channel_recall(struct channel *channel, struct history *found, uint64_t forgotten, uint64_t removed)
{
	const struct history *history = &channel->history;

	if (!found->count || history->forgotten != forgotten ||
		(history->count &&
			history_at(history, 0)->number <=
				history_at(found, found->count - 1)->number)) {
		history_free(found);
		return;
	}
	channel->gap = history_at(found, found->count - 1)->number;
	if (channel->gap > removed)
		channel->gap = removed;
	found->forgotten = history_at(found, 0)->number - 1;
	for (uint32_t i = 0; i < channel->history.count; i++)
		history_add(found, history_at(&channel->history, i));
	history_free(&channel->history);
	channel->history = *found;
	channel_fit_history(channel);
}

/* ---- channels ---- */

void
channels_init(struct channels *channels, const struct channels_limits *limits, struct clock *clock,
	uint64_t epoch)
{
	*channels = (struct channels){.limits = *limits, .clock = clock, .epoch = epoch};
}

static struct channel *
channel_new(struct channels *channels, struct chat_span name)
{
	struct channel *channel = chat_alloc_zeroed(1, sizeof(*channel));

	channel->channels = channels;
	channel->number = ++channels->channels_made;
	channel->next_dirty = channel->next_waiting = channel;
	channel->history.forgotten = channels->forgotten;
	channel->timestamp_ms = channels->timestamp_ms;
	channel->name_len = (uint16_t)name.len;
	memcpy(channel->name, name.at, name.len);
	HASH_ADD_KEYPTR(hh, channels->by_channel, channel->name, channel->name_len, channel);
	channels->count++;
	return channel;
}

static void
channel_free(struct channel *channel)
{
	struct channels *channels = channel->channels;

	HASH_DEL(channels->by_channel, channel);
	channels->count--;
	history_free(&channel->history);
	channel_account(channel);
	quotas_drop(&channels->quotas, &channel->slot);
	if (channels->timestamp_ms < channel->timestamp_ms)
		channels->timestamp_ms = channel->timestamp_ms; /* it may be made again */
	if (channels->forgotten < channel->history.forgotten)
		channels->forgotten = channel->history.forgotten;
	while (channel->block_count) {
		channels->pending_bytes -= channel->blocks[--channel->block_count].block->len;
		block_unref(channel->blocks[channel->block_count].block);
	}
	channels->pending_bytes -= channel->pending_count * PENDING_BYTES;
	free(channel->blocks);
	free(channel->pending);
	channel_clear(channel);
	free(channel);
}

/* It is in use by this one; NULL: it is idle. Its history then counts with others. */
static void
channel_move(struct channel *channel, const struct claimant *claimant)
{
	struct channels *channels = channel->channels;
	struct holders *from = channel->slot.idle ? &channels->idle_history : &channels->history;

	holders_take(from, &channel->holder, channel->holder.amount);
	if (claimant)
		quotas_use(&channels->quotas, &channel->slot, claimant);
	else
		quotas_rest(&channels->quotas, &channel->slot);
	channel_account(channel);
}

/* Nobody is in it, or on the way to or from it, and nothing of it is under way. */
static bool
channel_is_empty(const struct channel *channel)
{
	return channel->next_dirty == channel && channel->next_waiting == channel &&
		!channel->block_count && !channel->count && !channel->visitors &&
		!channel->readers && !channel->roster.present;
}

void
channel_forget(struct channel *channel)
{
	if (!channel_is_empty(channel))
		return;
	if (!channel->history.count)
		channel_free(channel);
	else if (!channel->slot.idle)
		channel_move(channel, NULL);
}

/* For another one; false: all are in use. */
static bool
channels_make_place(struct channels *channels)
{
	struct slot *oldest;

	if (channels->count < channels->limits.channels)
		return true;
	oldest = quotas_oldest(&channels->quotas);
	if (oldest)
		channel_free((struct channel *)((char *)oldest - offsetof(struct channel, slot)));
	return oldest != NULL;
}

bool
channels_have(const struct channels *channels, struct chat_span name)
{
	struct channel *channel = NULL;

	HASH_FIND(hh, channels->by_channel, name.at, name.len, channel);
	return channel != NULL;
}

struct channel *
channels_find(struct channels *channels, struct chat_span name, const struct claimant *claimant,
	struct chat_err *err)
{
	struct channel *channel = NULL;

	HASH_FIND(hh, channels->by_channel, name.at, name.len, channel);
	if (channel && !channel->slot.idle)
		return channel;
	if (!quotas_admit(&channels->quotas, claimant, channels->limits.channels) ||
		(!channel && !channels_make_place(channels))) {
		chat_fail(err, CHAT_SERVER_FULL, "there are too many channels");
		return NULL;
	}
	if (!channel)
		channel = channel_new(channels, name);
	channel_move(channel, claimant);
	return channel;
}

void
channels_free(struct channels *channels)
{
	struct channel *channel, *next;

	HASH_ITER(hh, channels->by_channel, channel, next)
	channel_free(channel);
	nonces_free(&channels->nonces);
	page_cache_free(&channels->page_cache);
	epochs_free(&channels->epochs);
}
