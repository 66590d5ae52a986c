#ifndef CLIENT_IDENTITY_H
#define CLIENT_IDENTITY_H

#include <stdbool.h>

#include "chat/err.h"
#include "chat/msg.h"

#define IDENTITY_NAME_SIZE 84 /* 20 code points and a NUL */

/* Who this is: what init says. */
struct identity {
	char username[IDENTITY_NAME_SIZE];
	char id[IDENTITY_NAME_SIZE];
};

/* Check that a server takes a name, an id. -1 with CHAT_USAGE. */
int identity_check_name(const char *name, struct chat_err *err);
int identity_check_id(const char *id, struct chat_err *err);

/*
 * Takes the given name and id (NULL: none). Without a name it is the login name, made legal with
 * the host's where it is too short. Without an id it is derived from name, login and host: the same
 * for every process of one person on one machine, so that chat-listen and chat-send are one user.
 * -1: CHAT_USAGE, with how to say it instead.
 */
int identity_find(
	struct identity *identity, const char *username, const char *id, struct chat_err *err);

/* Whether a `message` or `userStatus` is about this user. A plain server's sender may be the id. */
bool identity_owns(const struct identity *identity, const struct chat_msg *msg);

#endif
