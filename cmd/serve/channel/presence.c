/* Who is there: joining, leaving, and the moment of grace in between. */
#include "serve/channel/presence.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chat/buf.h"
#include "serve/channel/channel.h"
#include "serve/channel/since.h"

#define USER_DATA_BYTES \
	((size_t)256 << 10) /* of the users in a userData: each newcomer gets one \
			     */

/* ---- leaving ---- */

/* Whether single joins and leaves are announced: in a crowd each would cost everybody a message. */
static bool
channel_is_crowd(const struct channel *channel)
{
	return channel->count > channel->channels->limits.crowd;
}

/* The grace is as long for everybody: the list is in the order of the due times. */
static void
user_set_out(struct channel *channel, struct user *user)
{
	struct channels *channels = channel->channels;
	struct leaver *leaver = chat_alloc_zeroed(1, sizeof(*leaver));

	leaver->channel = channel;
	leaver->user = user;
	leaver->due_ms = clock_now_ms(channels->clock) + channels->limits.grace_ms;
	user->leaver = leaver;
	DL_APPEND(channels->leavers, leaver);
	channels->leaver_count++;
}

static void
user_turn_back(struct channels *channels, struct user *user)
{
	if (!user->leaver)
		return;
	DL_DELETE(channels->leavers, user->leaver);
	channels->leaver_count--;
	free(user->leaver);
	user->leaver = NULL;
}

static void
user_depart(struct channel *channel, struct user *user)
{
	user_turn_back(channel->channels, user);
	if (user->present) {
		roster_hide(&channel->roster, user);
		channel->changes++;
		if (!channel_is_crowd(channel))
			channel_announce(channel, user, false);
	}
	if (!user->conns && !user->reserved)
		roster_remove(&channel->roster, user);
}

void
channel_leave(struct member *member)
{
	struct channel *channel = member->channel;
	struct user *user = member->user;

	if (!channel)
		return;
	member->channel = NULL;
	DL_DELETE(channel->members, member);
	channel->live -= !member->catchup;
	member->catchup = NULL;
	channel->count--;
	channel->crowded = channel->crowded && channel_is_crowd(channel);
	user->conns--;
	if (!member->hidden)
		user->shown--;
	if (user->shown == 0 && user->present && channel->channels->limits.grace_ms > 0) {
		if (!user->leaver)
			user_set_out(channel, user);
	} else if (user->shown == 0) {
		user_depart(channel, user);
	}
	channel_forget(channel);
}

void
channel_clear(struct channel *channel)
{
	struct user *user;

	while ((user = roster_any(&channel->roster))) {
		user_turn_back(channel->channels, user);
		roster_remove(&channel->roster, user);
	}
}

/* Whether there is one whose grace is over, or cut short because so many are leaving. */
static bool
channels_leaver_is_due(const struct channels *channels)
{
	return channels->leavers &&
		(channels->leavers->due_ms <= clock_now_ms(channels->clock) ||
			channels->leaver_count > channels->limits.leavers);
}

void
channels_sweep(struct channels *channels)
{
	while (channels_leaver_is_due(channels)) {
		struct channel *channel = channels->leavers->channel;

		user_depart(channel, channels->leavers->user);
		channel_forget(channel);
	}
	nonces_expire(&channels->nonces, clock_now_ms(channels->clock));
}

/* ---- joining ---- */

/* A name or id that only somebody leaving holds is free: the grace is for the user's own return. */
static void
channel_release(struct channel *channel, struct user *user)
{
	if (user && user->leaver && !user->conns)
		user_depart(channel, user);
}

static struct user *
channel_claim(struct channel *channel, const struct channel_join *join, struct chat_err *err)
{
	struct user *user = roster_claim(&channel->roster, join->id, join->name, NULL);

	if (user)
		return user;
	channel_release(channel, roster_find_id(&channel->roster, join->id));
	channel_release(channel, roster_find_name(&channel->roster, join->name));
	return roster_claim(&channel->roster, join->id, join->name, err);
}

static void
user_arrive(struct channel *channel, struct member *member)
{
	struct user *user = member->user;

	user_turn_back(channel->channels, user);
	user->active_ms = clock_unix_ms(channel->channels->clock);
	if (user->shown++ || user->present)
		return;
	roster_show(&channel->roster, user);
	channel->changes++;
	if (!channel_is_crowd(channel))
		member->skip = channel_announce(channel, user, true);
	else if (!channel->crowded)
		member->skip = channel_announce_crowd(channel);
	channel->crowded = channel_is_crowd(channel);
}

/* Which memory of nonces this is: it begins with the process, or with the journal it was rebuilt
 * from. */
static uint64_t
channels_memory(const struct channels *channels)
{
	return channels->epochs.count ? channels->epochs.at[0].epoch : channels->epoch;
}

/* about_server: with what a newcomer, or a log, is told of it; you: who that is, or NULL; since:
 * what it may ask for later. */
static struct block *
encode_users(const struct channels *channels, const struct roster *roster, bool about_server,
	const struct user *you, struct chat_span channel, struct chat_span since)
{
	char instance[MESSAGE_ID_EPOCH_LEN + 1], origin[CHAT_WORD_MAX + 1];
	int len;

	snprintf(instance, sizeof(instance), "%012llx",
		(unsigned long long)channels_memory(channels));
	len = snprintf(origin, sizeof(origin), "%0*llx%.*s", MESSAGE_ID_EPOCH_LEN,
		(unsigned long long)channels->epoch, (int)channel.len, channel.at);
	return encode_user_data(&(struct outgoing_user_data){
		.roster = roster,
		.most = channels->limits.crowd,
		.most_bytes = USER_DATA_BYTES,
		.you = you,
		.max_message_bytes = channels->limits.max_message_bytes,
		.history = channels->limits.history_replay,
		.instance = {instance, about_server ? sizeof(instance) - 1 : 0},
		.since = since,
		.origin = {origin, channel.len ? (size_t)len : 0},
	});
}

struct block *
channel_users(struct channel *channel, const struct member *newcomer)
{
	char since[MESSAGE_ID_LEN + 1];

	channel_present(channel, since);
	return encode_users(channel->channels, &channel->roster, newcomer != NULL,
		newcomer ? newcomer->user : NULL, channel_name(channel), chat_span_of(since));
}

void
channels_introduce(const struct channels *channels)
{
	const struct watcher *watcher = &channels->watcher;
	struct roster nobody = {0};
	struct block *block;

	if (!watcher->saw)
		return;
	block = encode_users(
		channels, &nobody, true, NULL, (struct chat_span){0}, (struct chat_span){0});
	watcher->saw(watcher->arg, block_frame_payload(block->bytes));
	block_unref(block);
}

int
channel_join(struct channel *channel, struct member *member, const struct channel_join *join,
	struct chat_err *err)
{
	struct user *user;

	if (channel->count >= channel->channels->limits.members)
		return chat_fail(
			err, CHAT_CHANNEL_FULL, "this channel has no room for another connection");
	user = channel_claim(channel, join, err);
	if (!user)
		return -1;
	member->channel = channel;
	member->user = user;
	member->hidden = join->hidden;
	member->serial = ++channel->channels->members_made;
	member->skip = MEMBER_SKIPS_NOTHING;
	user->conns++;
	channel->count++;
	DL_APPEND(channel->members, member);
	if (!join->hidden)
		user_arrive(channel, member);
	member_tell(member, channel_users(channel, member));
	return 0;
}
