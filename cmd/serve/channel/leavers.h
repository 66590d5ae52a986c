#ifndef SERVE_CHANNEL_LEAVERS_H
#define SERVE_CHANNEL_LEAVERS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The users of all channels who have left and are in their grace time: the others are told that the
 * user is offline only when that is over. A user who comes back before is not announced at all.
 */
struct channel;
struct user;

struct leaver {
	struct leaver *next, *prev; /* in leavers->first */
	struct channel *channel;
	struct user *user; /* whose leaver points back here */
	int64_t due_ms; /* when the grace time is over, by clock_now_ms */
};

/* Zeroed memory is a valid empty list. */
struct leavers {
	struct leaver *first; /* utlist, by due time: the grace time is the same for all */
	size_t count;
};

/* Adds a user at the end of the list. due_ms is not before that of any other. */
void leavers_add(
	struct leavers *leavers, struct channel *channel, struct user *user, int64_t due_ms);

/* Takes a user off the list. Does nothing if it is not on it. */
void leavers_remove(struct leavers *leavers, struct user *user);

#endif
