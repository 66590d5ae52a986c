#ifndef LISTEN_HUMAN_H
#define LISTEN_HUMAN_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/msg.h"
#include "chat/span.h"

/* How it is shown, and what day it was last. */
struct human {
	bool color;
	bool live; /* what comes is from this moment; false: a log, whose events tell no time */
	int day; /* year and day of the year of the last message; 0: none yet */
};

/* Begins today where it is live. */
void human_begin(struct human *human, bool color, bool live);

/*
 * A server message as people read it: "12:01:07 <alice> hi" and a newline; a history is as many
 * lines as it has messages. Before the first message of another day than today, or than the one
 * before it, stands a line with the date. What strangers wrote is shown, never obeyed. text is the
 * message's line.
 */
void human_write(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span text);

#endif
