/*
 * The set of channels: finds, makes and frees them, and makes them idle. The number of channels is
 * limited, in all and for each address (quota.h).
 */
#include "serve/channel/channel.h"

#include <stdlib.h>
#include <string.h>

#include "text/buf.h"
#include "text/err.h"

void
channels_init(struct channels *channels, const struct channels_limits *limits, struct clock *clock,
	uint64_t epoch)
{
	*channels = (struct channels){.limits = *limits, .clock = clock, .epoch = epoch, .step = 1};
}

static struct channel *
channel_new(struct channels *channels, struct chat_span name)
{
	struct channel *channel = chat_alloc_zeroed(1, sizeof(*channel) + name.len + 1);

	channel->channels = channels;
	channel->number = ++channels->ever.channels;
	channel->next_dirty = channel->next_waiting = channel;
	channel->history.dropped = channels->freed.dropped;
	channel->timestamp_ms = channels->freed.timestamp_ms;
	channel->name_len = (uint16_t)name.len;
	memcpy(channel->name, name.at, name.len);
	HASH_ADD_KEYPTR(hh, channels->by_name, channel->name, channel->name_len, channel);
	channels->count++;
	return channel;
}

/*
 * Frees the users of the channel. None may be connected. Users in their grace time are not
 * announced as offline.
 */
static void
channel_free_users(struct channel *channel)
{
	struct user *user;

	while ((user = roster_any(&channel->roster))) {
		leavers_remove(&channel->channels->leavers, user);
		roster_remove(&channel->roster, user);
	}
}

static void
channel_free(struct channel *channel)
{
	struct channels *channels = channel->channels;

	HASH_DEL(channels->by_name, channel);
	channels->count--;
	history_free(&channel->history);
	channel_history_account(channel);
	quotas_remove(&channels->quotas, &channel->slot);
	if (channels->freed.timestamp_ms < channel->timestamp_ms)
		channels->freed.timestamp_ms = channel->timestamp_ms;
	if (channels->freed.dropped < channel->history.dropped)
		channels->freed.dropped = channel->history.dropped;
	channels->pending_bytes -= pending_bytes(&channel->pending);
	pending_free(&channel->pending);
	channel_free_users(channel);
	free(channel);
}

/*
 * Sets the channel in use by this claimant, or makes it idle if claimant is NULL. Moves the memory
 * of its history to the total of the channels in use, or of the idle ones.
 */
static void
channel_set_claimant(struct channel *channel, const struct claimant *claimant)
{
	struct channels *channels = channel->channels;
	struct shares *from = channel->slot.idle ? &channels->history_memory.idle
						 : &channels->history_memory.in_use;

	shares_take(from, &channel->share, channel->share.amount);
	if (claimant)
		quotas_set_in_use(&channels->quotas, &channel->slot, claimant);
	else
		quotas_set_idle(&channels->quotas, &channel->slot);
	channel_history_account(channel);
}

/*
 * Returns true if the channel has no member, visitor or present user, and no frame or read is
 * pending.
 */
static bool
channel_is_empty(const struct channel *channel)
{
	return channel->next_dirty == channel && channel->next_waiting == channel &&
		!channel->pending.block_count && !channel->members.count && !channel->visitors &&
		!channel->readers && !channel->roster.present;
}

void
channel_release(struct channel *channel)
{
	if (!channel_is_empty(channel))
		return;
	if (!channel->history.count)
		channel_free(channel);
	else if (!channel->slot.idle)
		channel_set_claimant(channel, NULL);
}

/* Frees the channel that was idle for longest. Returns false if all are in use. */
static bool
channels_free_idle(struct channels *channels)
{
	struct slot *oldest = quotas_longest_idle(&channels->quotas);

	if (oldest)
		channel_free((struct channel *)((char *)oldest - offsetof(struct channel, slot)));
	return oldest != NULL;
}

/* Frees an idle channel if the limit of channels is reached. Returns false if all are in use. */
static bool
channels_make_room(struct channels *channels)
{
	return channels->count < channels->limits.channels || channels_free_idle(channels);
}

void
channels_shed(struct channels *channels)
{
	while (channels->count > channels->limits.channels && channels_free_idle(channels))
		;
	channels_fit_history(channels);
	nonces_fit(&channels->nonces);
}

struct channel *
channels_get(const struct channels *channels, struct chat_span name)
{
	struct channel *channel = NULL;

	HASH_FIND(hh, channels->by_name, name.at, name.len, channel);
	return channel;
}

struct channel *
channels_find(struct channels *channels, struct chat_span name, const struct claimant *claimant,
	struct chat_err *err)
{
	struct channel *channel = channels_get(channels, name);

	if (channel && !channel->slot.idle)
		return channel;
	if (!quotas_admit(&channels->quotas, claimant, channels->limits.channels) ||
		(!channel && !channels_make_room(channels) && !claimant->is_log)) {
		chat_fail(err, CHAT_SERVER_FULL, "there are too many channels");
		return NULL;
	}
	if (!channel)
		channel = channel_new(channels, name);
	channel_set_claimant(channel, claimant);
	return channel;
}

void
channels_free(struct channels *channels)
{
	struct channel *channel, *next;

	HASH_ITER(hh, channels->by_name, channel, next)
	channel_free(channel);
	nonces_free(&channels->nonces);
	page_cache_free(&channels->page_cache);
	epochs_free(&channels->epochs);
}
