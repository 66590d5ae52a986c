#ifndef SERVE_CHANNEL_LEAVERS_H
#define SERVE_CHANNEL_LEAVERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The users of all channels who are in their grace time: their last connection that is not hidden
 * has left. A user is announced as offline when its grace time ends. If the user returns earlier,
 * nothing is announced.
 */
struct channel;
struct user;

struct leaver {
	struct leaver *next, *prev; /* in leavers->first */
	struct channel *channel;
	struct user *user; /* user->leaver points back to this */
	int64_t due_ms; /* when the grace time ends, by clock_now_ms */
};

/* Zeroed memory is a valid empty list. */
struct leavers {
	struct leaver *first; /* utlist, by due_ms: the grace time is the same for all */
	size_t count;
};

/*
 * Adds a user at the end of the list. The user must not be in a list. due_ms must not be before
 * that of another leaver.
 */
void leavers_add(
	struct leavers *leavers, struct channel *channel, struct user *user, int64_t due_ms);

/* Removes a user from the list, and frees its leaver. Does nothing if user->leaver is NULL. */
void leavers_remove(struct leavers *leavers, struct user *user);

#endif
