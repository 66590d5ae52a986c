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
 * Which messages are wanted: by type, by sender, not our own, not what goes round.
 *
 * What a process says itself the command of --exec knows of itself. A listener in a pipeline says
 * nothing; there it is what its user says through a pipeline, which has `hops`. On a server that
 * does not copy that it is all that the user says.
 */
struct filter {
	unsigned types; /* a bit per enum chat_type; 0: all, and those nobody knows */
	struct chat_strings from; /* usernames; none: everybody */
	bool no_self; /* what this process says */
	bool no_user; /* what this user says */
	bool no_loop; /* what has been here, or came through too many programs */
	bool is_bot; /* there is a command, which knows what it said */
	int64_t max_hops; /* of no_loop */
};

/* Where a message came from. */
struct filter_place {
	const struct identity *self; /* who we are there */
	const struct via_here *here;
	bool copies; /* the server copies via and hops */
};

/* Reads the words of --type ("message,userStatus"). -1: CHAT_USAGE. */
int filter_types(struct filter *filter, const struct chat_strings *words, struct chat_err *err);

bool filter_wants(
	const struct filter *filter, const struct chat_msg *msg, const struct filter_place *place);

#endif
