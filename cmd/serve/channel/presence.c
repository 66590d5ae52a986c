/* Users become present and absent. join.c calls this, and publish.c sends the announcements. */
#include "serve/channel/presence.h"

#include "serve/channel/channel.h"
#include "serve/channel/encode.h"

bool
channel_is_crowd(const struct channel *channel)
{
	return channel->members.count + channel->members.remote > channel->channels->limits.crowd;
}

/* ---- announcements ---- */

/*
 * Records that an announcement was appended to the last pending block. len: the length of the block
 * before that.
 */
static void
note_announcement(struct channel *channel, uint32_t len)
{
	const struct pending *pending = &channel->pending;

	channel_mark_dirty(channel);
	channel->presence.announced++;
	channel->channels->pending_bytes +=
		pending->blocks[pending->block_count - 1].block->len - len;
}

/* Announces that a user is online or offline. */
static void
announce_user(struct channel *channel, const struct user *user, bool online)
{
	struct pending_block *last = pending_open(&channel->pending, channel->channels->ticket);
	uint32_t len = last->block->len;

	last->block = encode_user_status(last->block, user, online, channel_name(channel));
	note_announcement(channel, len);
}

/*
 * Announces that from now on single users are not announced, so that no member believes that its
 * list of users is complete.
 */
static void
announce_crowd(struct channel *channel)
{
	struct pending_block *last = pending_open(&channel->pending, channel->channels->ticket);
	uint32_t len = last->block->len;

	last->block = encode_crowd(last->block, channel->roster.present, channel_name(channel));
	note_announcement(channel, len);
}

/* Announces that a user is online or offline. In a crowd, announces the crowd instead, once. */
static void
announce(struct channel *channel, const struct user *user, bool online)
{
	bool is_crowd = channel_is_crowd(channel);

	channel->presence.changes++;
	if (!is_crowd)
		announce_user(channel, user, online);
	else if (!channel->presence.crowded)
		announce_crowd(channel);
	channel->presence.crowded = is_crowd;
}

/* ---- online ---- */

void
user_come_online(struct channel *channel, struct user *user, int64_t active_ms)
{
	leavers_remove(&channel->channels->leavers, user);
	user->active_ms = active_ms;
	if (user->present)
		return;
	roster_show(&channel->roster, user);
	announce(channel, user, true);
}

void
member_come_online(struct channel *channel, struct member *member)
{
	struct channel_log *log = channel->channels->log;
	struct user *user = member->user;
	int64_t now_ms = clock_unix_ms(channel->channels->clock);

	if (!user->shown && !user->remote)
		user->since_ms = now_ms;
	user_come_online(channel, user, now_ms);
	if (!user->shown++ && log)
		log->tell_presence(log, channel, user, true);
}

/* ---- offline ---- */

/*
 * Makes a user absent, and announces it as offline. Frees the user if it has no connections and is
 * not reserved.
 */
static void
user_depart(struct channel *channel, struct user *user)
{
	leavers_remove(&channel->channels->leavers, user);
	if (user->present) {
		roster_hide(&channel->roster, user);
		announce(channel, user, false);
	}
	if (!user->conns && !user->remote && !user->reserved)
		roster_remove(&channel->roster, user);
}

void
user_go_offline(struct channel *channel, struct user *user)
{
	struct channels *channels = channel->channels;

	if (user->shown || user->remote || user->leaver)
		return;
	if (user->present && channels->limits.grace_ms > 0)
		leavers_add(&channels->leavers, channel, user,
			clock_now_ms(channels->clock) + channels->limits.grace_ms);
	else
		user_depart(channel, user);
}

void
user_end_grace(struct channel *channel, struct user *user)
{
	if (user && user->leaver && !user->conns)
		user_depart(channel, user);
}

/*
 * Returns true if the grace time of the first leaver has ended, or if there are too many leavers.
 */
static bool
channels_leaver_is_due(const struct channels *channels)
{
	const struct leavers *leavers = &channels->leavers;

	return leavers->first &&
		(leavers->first->due_ms <= clock_now_ms(channels->clock) ||
			leavers->count > channels->limits.leavers);
}

void
channels_end_graces(struct channels *channels)
{
	while (channels_leaver_is_due(channels)) {
		struct channel *channel = channels->leavers.first->channel;

		user_depart(channel, channels->leavers.first->user);
		channel_release(channel);
	}
}
