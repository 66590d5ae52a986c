#ifndef LISTEN_FILTER_H
#define LISTEN_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "client/identity.h"
#include "err.h"
#include "msg.h"
#include "opt.h"

/*
 * Which messages are wanted: by type, by sender, not our own.
 */
struct filter {
	unsigned types; /* a bit per enum chat_type; 0: all, and those nobody knows */
	struct chat_strings from; /* usernames; none: everybody */
	bool no_self;
};

/* Reads the words of --type ("message,userStatus"). -1: CHAT_USAGE. */
int filter_types(struct filter *filter, const struct chat_strings *words, struct chat_err *err);

/* self: who we are where the message came from. */
bool filter_wants(
	const struct filter *filter, const struct chat_msg *msg, const struct identity *self);

#endif
