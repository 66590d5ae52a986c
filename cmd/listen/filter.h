#ifndef LISTEN_FILTER_H
#define LISTEN_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "client/identity.h"
#include "client/via.h"
#include "command/strings.h"

/*
 * Selects messages: by type, by sender, without our own, without those in a loop.
 *
 * "Our own" depends. With --exec they are the messages of the command, which the bot knows. A
 * listener in a pipeline sends nothing; its own are the messages that our user sends through
 * pipelines, which have `hops`. On a server that does not copy `hops` they are all messages of our
 * user.
 */
struct filter {
	unsigned types; /* a bit per enum chat_type; 0: all types, known or not */
	struct chat_strings from; /* usernames; empty: of all users */
	bool no_self; /* without our own messages */
	bool no_user; /* without the messages of our user */
	bool no_loop; /* without messages that were here, or came through max_hops programs */
	bool is_bot; /* there is a command; the bot leaves out what it sent */
	int64_t max_hops;
};

/* The channel that a message came from. */
struct filter_place {
	const struct identity *self; /* our user there */
	const struct via_here *here; /* the names of the channel */
	bool copies; /* the server copies via and hops */
};

/* Reads the words of --type ("message,userStatus"). Returns 0, or -1 with CHAT_USAGE. */
int filter_types(struct filter *filter, const struct chat_strings *words, struct chat_err *err);

/* Returns true if a message is selected. */
bool filter_wants(
	const struct filter *filter, const struct chat_msg *msg, const struct filter_place *place);

#endif
