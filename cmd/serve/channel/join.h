#ifndef SERVE_CHANNEL_JOIN_H
#define SERVE_CHANNEL_JOIN_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/span.h"

/* Connections become members of a channel, and leave it. */
struct channel;
struct member;

struct channel_join {
	struct chat_span id, name; /* of the user, decoded */
	bool hidden; /* the connection does not count for the user's presence */
};

/*
 * Makes a connection a member: sends userData to it, and announces its user to the others. The
 * caller has set member->conn. Before the tick ends it calls member_begin_catchup (since.h),
 * member_await_newest or member_replay (replay.h). Returns -1 with channel_full, username_taken or
 * id_taken.
 */
int channel_join(struct channel *channel, struct member *member, const struct channel_join *join,
	struct chat_err *err);

/* Ends the membership. Does nothing if there is none. The channel may be freed. */
void channel_leave(struct member *member);

#endif
