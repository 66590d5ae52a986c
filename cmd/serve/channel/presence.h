#ifndef SERVE_CHANNEL_PRESENCE_H
#define SERVE_CHANNEL_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * Coming and going. A user is announced when the first connection that is not hidden joins, and
 * when the last one has been gone for the grace. In a crowd (channels_limits.crowd) nobody is.
 */
struct block;
struct member;
struct channel;
struct channels;
struct user;

/* A user who has left, until the grace is over or the user comes back. */
struct leaver {
	struct leaver *next, *prev; /* in channels->leavers */
	struct channel *channel;
	struct user *user;
	int64_t due_ms;
};

struct channel_join {
	struct chat_span id, name; /* decoded */
	bool hidden;
};

/*
 * Makes a connection a member: userData to it, userStatus to the others. It is not live yet
 * (channel/since.h). -1 with channel_full, username_taken, id_taken.
 */
int channel_join(struct channel *channel, struct member *member, const struct channel_join *join,
	struct chat_err *err);

/* Who is there, for the first time, to one who has just joined; or again, in the same frame for
 * all, without what is about the server. A reference of the caller's. */
struct block *channel_users(struct channel *channel, const struct member *newcomer);

/* Tells the watcher that a server begins: nobody is in any channel. */
void channels_introduce(const struct channels *channels);

/* Ends the membership, if there is one. */
void channel_leave(struct member *member);

/* Forgets its users. None is connected, and nobody is told that some were still leaving. */
void channel_clear(struct channel *channel);

/* Announces those whose grace is over. */
void channels_sweep(struct channels *channels);

#endif
