#ifndef CLIENT_LOGIN_H
#define CLIENT_LOGIN_H

#include <stdint.h>

#include "chat/err.h"
#include "client/identity.h"
#include "wire/client_options.h"
#include "wire/url_list.h"

/* The way to a server and the user to be there: the same for every connection and every channel. */
struct login {
	struct chat_client_options client; /* its strings are borrowed */
	int64_t dead_after_ms; /* of silence; in the middle of it a ping is sent */
	struct identity identity;
	char *token; /* owned; NULL: the server is shown no token */
};

/* The user that a program was told to be. NULL: not given. */
struct login_given {
	const char *username, *id, *token_file;
};

/* Sets the defaults. Nothing in it needs to be freed yet. */
void chat_login_init(struct login *login);

/*
 * Sets the identity, the token unless there is one, and the CA file unless it is given. What is
 * missing comes from the environment: CHAT_USERNAME, CHAT_ID, CHAT_TOKEN, CHAT_TOKEN_FILE,
 * CHAT_CACERT; an empty variable counts as unset. A missing name and id are derived. Returns 0, or
 * -1 with CHAT_USAGE for a name, an id or a token that is wrong, or CHAT_CANNOT_OPEN for the file
 * of the token.
 */
int chat_login_find(struct login *login, const struct login_given *given, struct chat_err *err);
void chat_login_free(struct login *login);

/*
 * Parses the URLs to connect to, in turn: text, or if that is NULL CHAT_URL of the environment, or
 * LOGIN_DEFAULT_URL. channel and errors are as for chat_url_list_parse().
 */
#define LOGIN_DEFAULT_URL "ws://localhost:3001/"
int chat_login_urls(
	struct chat_url_list *urls, const char *text, const char *channel, struct chat_err *err);

#endif
