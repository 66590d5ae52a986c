#ifndef LISTEN_SINCE_H
#define LISTEN_SINCE_H

#include <stdbool.h>
#include <stdint.h>

#include "chat/err.h"

/* --since: the position at which the history begins. */
struct since {
	const char *id; /* begin after this id, or POSITION_BEGINNING; borrowed; NULL: no --since */
	bool timed; /* it begins with the first message at time_ms or later */
	int64_t time_ms; /* Unix time in milliseconds; 0 if timed is false */
};

/*
 * Reads `all` (all messages that the server keeps), a time (RFC 3339 with Z or an offset, or "-2h":
 * 2 hours before now_ms), or else the id of a message; text is borrowed. Returns 0, or -1 with
 * CHAT_USAGE if the text is empty, or begins like a time and is none.
 */
int since_read(struct since *since, const char *text, int64_t now_ms, struct chat_err *err);

#endif
