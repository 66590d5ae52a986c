#ifndef SERVE_CHANNEL_REMOTE_H
#define SERVE_CHANNEL_REMOTE_H

#include <stdint.h>

#include "chat/span.h"

/*
 * Users who are present on other servers of a cluster. They are in the roster of the channel as
 * the others are, without connections: they are listed, announced, and have their grace time.
 */
struct channel;
struct user;

/* A user as another server tells it. */
struct remote_user {
	struct chat_span id, name; /* decoded */
	int64_t since_ms; /* Unix time: when it became present there */
	struct chat_span server; /* which decides if two have claimed a name at the same time */
};

/*
 * Makes a user present on one more server. If its id or its name belongs to others, the one who
 * claimed it first keeps it: then this returns NULL; or the others have to go, by
 * channel_log.expel, before this returns. Otherwise it returns the user, which is valid until
 * channel_remote_leave().
 */
struct user *channel_remote_arrive(struct channel *channel, const struct remote_user *remote);

/* Makes a user that has arrived present on one server less. May free the user, not the channel. */
void channel_remote_leave(struct channel *channel, struct user *user);

#endif
