/* Joining and leaving a channel. presence.c announces both to the other members. */
#include "serve/channel/join.h"

#include <utlist.h>

#include "serve/channel/channel.h"
#include "serve/channel/presence.h"
#include "serve/channel/user_data.h"
#include "text/err.h"

/*
 * Returns the user with this id and name, or NULL. If a user without connections that is in its
 * grace time has the id or the name, its grace time ends now: the time is only for the return of
 * that user.
 */
static struct user *
channel_claim(struct channel *channel, const struct channel_join *join, struct chat_err *err)
{
	struct user *user = roster_claim(&channel->roster, join->id, join->name, NULL);

	if (user)
		return user;
	user_end_grace(channel, roster_find_id(&channel->roster, join->id));
	user_end_grace(channel, roster_find_name(&channel->roster, join->name));
	return roster_claim(&channel->roster, join->id, join->name, err);
}

int
channel_join(struct channel *channel, struct member *member, const struct channel_join *join,
	struct chat_err *err)
{
	struct user *user;

	if (channel->members.count >= channel->channels->limits.members)
		return chat_fail(
			err, CHAT_CHANNEL_FULL, "this channel has no room for another connection");
	user = channel_claim(channel, join, err);
	if (!user)
		return -1;
	member->channel = channel;
	member->user = user;
	member->hidden = join->hidden;
	member->serial = ++channel->channels->ever.members;
	user->conns++;
	channel->members.count++;
	DL_APPEND(channel->members.first, member);
	if (!join->hidden)
		member_come_online(channel, member);
	member->knows = pending_end(&channel->pending);
	member_send_block(member, channel_user_data(channel, member->user));
	return 0;
}

void
channel_leave(struct member *member)
{
	struct channel *channel = member->channel;
	struct user *user = member->user;
	struct channel_log *log;

	if (!channel)
		return;
	member->channel = NULL;
	DL_DELETE(channel->members.first, member);
	channel->members.live -= !member->catchup;
	member->catchup = NULL;
	channel->members.count--;
	channel->presence.crowded = channel->presence.crowded && channel_is_crowd(channel);
	log = channel->channels->log;
	user->conns--;
	if (!member->hidden && !--user->shown && log)
		log->tell_presence(log, channel, user, false);
	user_go_offline(channel, user);
	channel_release(channel);
}
