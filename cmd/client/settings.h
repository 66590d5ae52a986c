#ifndef CLIENT_SETTINGS_H
#define CLIENT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chat/client.h"
#include "chat/err.h"
#include "chat/url.h"
#include "client/held_file.h"
#include "client/identity.h"
#include "command/opt.h"

/*
 * What chat-send and chat-listen are told about the server and about who they are: the options that
 * both have, once, and what the environment says where an option does not.
 */
struct settings {
	const char *url; /* NULL: CHAT_URL, or the default */
	const char *channel; /* put onto every URL; NULL: as the URL says */
	const char *username;
	const char *user_id;
	const char *token_file;
	struct chat_client_options client;
	int64_t dead_after_ms; /* of silence, a ping in the middle of it */
	bool verbose;

	/* After settings_finish: */
	struct identity identity;
	char *token; /* owned; NULL: none */
	char held[3][HELD_NAME_SIZE]; /* names of certificates that came through pipes */
};

/* Sets the defaults of the options. Nothing in it needs to be freed yet. */
void settings_init(struct settings *settings);

/* The options of "Connection", for the option table of a command. */
extern const struct chat_opt settings_options[];

/*
 * After the options were read: the environment, the identity, the token. -1: CHAT_USAGE for a name
 * or id that no server would take, CHAT_CANNOT_OPEN for the token's file.
 */
int settings_finish(struct settings *settings, struct chat_err *err);
void settings_free(struct settings *settings);

/* The URL to connect to: text, or where that is NULL --url, CHAT_URL, ws://localhost:3001/. */
int settings_url(const struct settings *settings, const char *text, struct chat_url *url,
	struct chat_err *err);

#endif
