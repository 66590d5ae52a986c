#ifndef SERVE_CHANNEL_JOIN_H
#define SERVE_CHANNEL_JOIN_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/span.h"

/* Connections join a channel as members, and leave it. */
struct channel;
struct member;

struct channel_join {
	struct chat_span id, name; /* of the user, decoded */
	bool hidden; /* the connection does not make its user present */
};

/*
 * Makes a connection a member of the channel: sends userData to it, and announces its user to the
 * other members if the user becomes present. The caller must have set member->conn, and must call
 * member_begin_catchup (since.h), member_await_newest or member_replay (replay.h) before the tick
 * ends. Returns 0, or -1 with channel_full, username_taken or id_taken.
 */
int channel_join(struct channel *channel, struct member *member, const struct channel_join *join,
	struct chat_err *err);

/*
 * Removes a member from its channel. Does nothing if member->channel is NULL. May free the channel.
 */
void channel_leave(struct member *member);

#endif
