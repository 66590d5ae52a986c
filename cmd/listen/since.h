#ifndef LISTEN_SINCE_H
#define LISTEN_SINCE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/* Where --since says that the past is to begin. */
struct since {
	const char *id; /* of the message before it; borrowed; NULL: nobody said */
	bool timed; /* it begins with the first message that is not older than time_ms */
	int64_t time_ms; /* Unix time; 0 where not timed */
};

/*
 * Reads `all` (everything that is kept), a time (RFC 3339 with its offset, or -2h: so long before
 * now_ms), or the id of a message: whatever else there is. -1: CHAT_USAGE, for what begins like a
 * time and is none, and for an empty one.
 */
int since_read(struct since *since, const char *text, int64_t now_ms, struct chat_err *err);

#endif
