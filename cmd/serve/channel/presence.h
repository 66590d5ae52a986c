#ifndef SERVE_CHANNEL_PRESENCE_H
#define SERVE_CHANNEL_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/span.h"

/*
 * Coming and going. A user is announced when the first connection that is not hidden joins, and
 * when the last one has been gone for the grace. In a crowd (rooms_limits.crowd) nobody is.
 */
struct block;
struct member;
struct room;
struct rooms;
struct user;

/* A user who has left, until the grace is over or the user comes back. */
struct leaver {
	struct leaver *next, *prev; /* in rooms->leavers */
	struct room *room;
	struct user *user;
	int64_t due_ms;
};

struct room_join {
	struct chat_span id, name; /* decoded */
	bool hidden;
};

/*
 * Makes a connection a member: userData to it, userStatus to the others. It is not live yet
 * (room_past.h). -1 with channel_full, username_taken, id_taken.
 */
int room_join(struct room *room, struct member *member, const struct room_join *join,
	struct chat_err *err);

/* Who is there, for the first time, to one who has just joined; or again, in the same frame for
 * all, without what is about the server. A reference of the caller's. */
struct block *room_users(struct room *room, const struct member *newcomer);

/* Tells the watcher that a server begins: nobody is in any channel. */
void rooms_introduce(const struct rooms *rooms);

/* Ends the membership, if there is one. */
void room_leave(struct member *member);

/* Forgets its users. None is connected, and nobody is told that some were still leaving. */
void room_clear(struct room *room);

/* Announces those whose grace is over. */
void rooms_sweep(struct rooms *rooms);

#endif
