#ifndef SERVE_PRESENCE_H
#define SERVE_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "serve/history.h"
#include "serve/journal.h"
#include "span.h"

/*
 * Coming and going. A user is announced when the first connection that is not hidden joins, and
 * when the last one has been gone for the grace. In a crowd (rooms_limits.crowd) nobody is.
 */
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
	struct chat_span since; /* decoded; at NULL: none */
	bool hidden;
	struct history *past; /* what the journal had for `since`; NULL: it was not asked */
	uint64_t past_upto; /* the number up to which that goes */
	bool past_complete;
};

/* The answer to `since` is no larger. */
#define RESUME_MESSAGES 10000
#define RESUME_BYTES ((size_t)4 << 20)

/*
 * What it takes to answer `since` beyond what the room remembers: read gets channel, after, upto
 * and limits. false: the memory is enough, or all there is.
 */
bool room_past_is_far(const struct room *room, struct chat_span since, struct journal_read *read);

/*
 * Makes a connection a member: userData and history to it, userStatus to the others. -1 with
 * channel_full, username_taken, id_taken.
 */
int room_join(struct room *room, struct member *member, const struct room_join *join,
	struct chat_err *err);

/* Ends the membership, if there is one. */
void room_leave(struct member *member);

/* Forgets its users. None is connected, and nobody is told that some were still leaving. */
void room_clear(struct room *room);

/* Announces those whose grace is over. */
void rooms_sweep(struct rooms *rooms);

#endif
