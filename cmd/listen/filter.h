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
 * Selects messages by type and by sender, without our own, and without those in a loop.
 *
 * "Our own" messages are, with --exec, those that the command sent; the bot knows them. A listener
 * in a pipeline sends nothing: its own messages are those that our user sends through pipelines,
 * which have `hops`. On a server that does not copy `via` and `hops`, all messages of our user are
 * our own.
 */
struct filter {
	unsigned types; /* a bit for each enum chat_type; 0: all types, also unknown ones */
	struct chat_strings from; /* usernames; empty: all users */
	bool no_self; /* without our own messages */
	bool no_user; /* without the messages of our user */
	bool no_loop; /* without messages that were here, or that max_hops programs led to */
	bool is_bot; /* --exec is given; the bot leaves out what the command sent */
	int64_t max_hops;
};

/* The channel from which a message came. The pointers are borrowed. */
struct filter_place {
	const struct identity *self; /* our user in the channel */
	const struct via_here *here; /* the names of the channel */
	bool copies; /* the server copies both `via` and `hops` */
};

/* Adds the types of --type ("message,userStatus"). Returns 0, or -1 with CHAT_USAGE. */
int filter_types(struct filter *filter, const struct chat_strings *words, struct chat_err *err);

/* Returns true if a message is selected. */
bool filter_wants(
	const struct filter *filter, const struct chat_msg *msg, const struct filter_place *place);

#endif
