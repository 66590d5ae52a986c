/*
 * The newest messages of each channel, in memory. The number of messages of a channel is limited,
 * and so is the memory for all channels together. If the memory is used up, a channel that uses
 * most of it drops messages first, so that no channel uses the part of the others.
 */
#include <stddef.h>

#include "serve/channel/channel.h"

/*
 * While the journal is read for a channel, the limits for its history are raised by these numbers
 * of messages and bytes. So messages that are published during the read are still in memory when
 * the page has been sent.
 */
#define READER_MESSAGES 10000
#define READER_BYTES ((size_t)1 << 20)

void
channel_history_account(struct channel *channel)
{
	struct channels *channels = channel->channels;
	struct shares *shares = channel->slot.idle ? &channels->history_memory.idle
						   : &channels->history_memory.in_use;
	size_t bytes = channel->history.bytes, before = channel->share.amount;

	if (bytes > before)
		shares_add(shares, &channel->share, bytes - before);
	else
		shares_take(shares, &channel->share, before - bytes);
}

static struct channel *
channel_of_share(struct share *share)
{
	return (struct channel *)((char *)share - offsetof(struct channel, share));
}

/*
 * Returns one of the channels with the largest histories, or NULL if all histories are empty. If
 * the idle channels take more than half of the memory, it is an idle one, otherwise one in use. If
 * those have no messages, it is one of the others.
 */
static struct channel *
channels_largest_history(const struct channels *channels)
{
	bool idle = channels->history_memory.idle.amount > channels->limits.history_bytes / 2;
	struct share *share = shares_largest(
		idle ? &channels->history_memory.idle : &channels->history_memory.in_use);

	if (!share)
		share = shares_largest(
			idle ? &channels->history_memory.in_use : &channels->history_memory.idle);
	return share ? channel_of_share(share) : NULL;
}

static void
fit_history(struct channels *channels, size_t most_bytes)
{
	struct channel *channel;

	while (channels_history_bytes(channels) > most_bytes &&
		(channel = channels_largest_history(channels))) {
		history_drop_oldest(&channel->history);
		channel_history_account(channel);
		if (channel->slot.idle)
			channel_release(channel);
	}
}

/* While a read for a channel is under way, more may be kept (channel_fit_history). */
void
channels_fit_history(struct channels *channels)
{
	fit_history(channels, channels->limits.history_bytes + READER_BYTES);
}

static void
channel_fit_history(struct channel *channel)
{
	const struct channels_limits *limits = &channel->channels->limits;
	uint32_t keep = limits->history_keep + (channel->readers ? READER_MESSAGES : 0);

	while (channel->history.count > keep)
		history_drop_oldest(&channel->history);
	channel_history_account(channel);
	fit_history(
		channel->channels, limits->history_bytes + (channel->readers ? READER_BYTES : 0));
}

void
channel_history_add(struct channel *channel, const struct history_entry *entry)
{
	history_add(&channel->history, entry);
	channel_fit_history(channel);
}

void
channel_history_prepend(
	struct channel *channel, struct history *found, uint64_t dropped, uint64_t removed)
{
	const struct history *history = &channel->history;

	if (!found->count || history->dropped != dropped ||
		(history->count &&
			history_at(history, 0)->number <=
				history_at(found, found->count - 1)->number)) {
		history_free(found);
		return;
	}
	channel->gap = history_at(found, found->count - 1)->number;
	if (channel->gap > removed)
		channel->gap = removed;
	found->dropped = history_at(found, 0)->number - 1;
	for (uint32_t i = 0; i < channel->history.count; i++)
		history_add(found, history_at(&channel->history, i));
	history_free(&channel->history);
	channel->history = *found;
	channel_fit_history(channel);
}

uint64_t
channel_newest_number(const struct channel *channel)
{
	const struct history *history = &channel->history;

	return history->count ? history_at(history, history->count - 1)->number : history->dropped;
}
