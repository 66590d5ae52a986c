#ifndef CLIENT_IDENTITY_H
#define CLIENT_IDENTITY_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/msg.h"

#define IDENTITY_NAME_SIZE 84 /* 20 code points and a NUL */

/* The user that init names. */
struct identity {
	char username[IDENTITY_NAME_SIZE];
	char id[IDENTITY_NAME_SIZE];
};

/* Check a username and a user id. Return 0, or -1 with CHAT_USAGE if it is invalid. */
int chat_identity_check_name(const char *name, struct chat_err *err);
int chat_identity_check_id(const char *id, struct chat_err *err);

/*
 * Sets the identity from the given username and id. username NULL: the login name is used, with
 * the host name if it is too short. id NULL: an id is derived from username, login and host, the
 * same for every process of one person on one machine, so that chat-listen and chat-send are one
 * user. Returns 0, or -1 with CHAT_USAGE.
 */
int chat_identity_find(
	struct identity *identity, const char *username, const char *id, struct chat_err *err);

/*
 * Returns true if a `message` or `userStatus` is of this user. On a plain server `sender` may be
 * the id.
 */
bool chat_identity_owns(const struct identity *identity, const struct chat_msg *msg);

#endif
