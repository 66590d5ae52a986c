/* Users of other servers in the rosters of this one. */
#include "serve/channel/remote.h"

#include <string.h>

#include "serve/channel/channel.h"
#include "serve/channel/presence.h"
#include "text/span.h"

/* Returns true if the remote user has claimed its name before this one did. */
static bool
was_before(const struct remote_user *remote, const struct channel *channel, const struct user *user)
{
	struct chat_span here = channel->channels->log->name;
	size_t len = here.len < remote->server.len ? here.len : remote->server.len;

	if (!user->shown && !user->remote)
		return true; /* other servers do not know who is hidden here */
	if (remote->since_ms != user->since_ms)
		return remote->since_ms < user->since_ms;
	return memcmp(remote->server.at, here.at, len) < 0;
}

/*
 * Makes way for a remote user: whoever has its id or name, and is not the same user, has to go.
 * Returns false if one of them was before it.
 */
static bool
make_way(struct channel *channel, const struct remote_user *remote)
{
	struct roster *roster = &channel->roster;
	struct user *rivals[] = {
		roster_find_id(roster, remote->id), roster_find_name(roster, remote->name)};

	for (size_t i = 0; i < 2; i++)
		if (rivals[i] && !rivals[i]->leaver &&
			(rivals[i]->reserved || !was_before(remote, channel, rivals[i])))
			return false;
	for (size_t i = 0; i < 2; i++) {
		struct user *rival = i ? roster_find_name(roster, remote->name)
				       : roster_find_id(roster, remote->id);

		if (rival && !rival->leaver)
			channel->channels->log->expel(channel->channels->log, channel, rival);
	}
	user_end_grace(channel, roster_find_id(roster, remote->id));
	user_end_grace(channel, roster_find_name(roster, remote->name));
	return true;
}

struct user *
channel_remote_arrive(struct channel *channel, const struct remote_user *remote)
{
	struct user *user = roster_claim(&channel->roster, remote->id, remote->name, NULL);

	if (!user && make_way(channel, remote))
		user = roster_claim(&channel->roster, remote->id, remote->name, NULL);
	if (!user)
		return NULL;
	if (!user->shown && !user->remote)
		user->since_ms = remote->since_ms;
	user->remote++;
	channel->members.remote++;
	user_come_online(channel, user, remote->since_ms);
	return user;
}

void
channel_remote_leave(struct channel *channel, struct user *user)
{
	user->remote--;
	channel->members.remote--;
	channel->presence.crowded = channel->presence.crowded && channel_is_crowd(channel);
	user_go_offline(channel, user);
}
