#ifndef LISTEN_SINCE_H
#define LISTEN_SINCE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/* --since: the place where the history begins. */
struct since {
	const char *id; /* of the message before; borrowed; NULL: --since is not given */
	bool timed; /* it begins with the first message at time_ms or later */
	int64_t time_ms; /* Unix time; 0 if timed is false */
};

/*
 * Reads `all` (all messages that the server keeps), a time (RFC 3339 with its offset, or -2h: so
 * long before now_ms), or, for any other text, the id of a message. Returns 0, or -1 with
 * CHAT_USAGE for an empty text or one that begins like a time and is none.
 */
int since_read(struct since *since, const char *text, int64_t now_ms, struct chat_err *err);

#endif
