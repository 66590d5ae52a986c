#ifndef LISTEN_HUMAN_H
#define LISTEN_HUMAN_H

#include <stdbool.h>

#include "chat/buf.h"
#include "chat/msg.h"
#include "chat/span.h"

/* How messages are shown, and the day of the last one. */
struct human {
	bool color;
	bool live; /* messages come now; false: they are from a log, whose events have no time */
	int day; /* year and day of the year of the last message; 0: none yet */
};

/* Begins. live: no line with the date is shown before the day changes. */
void human_begin(struct human *human, bool color, bool live);

/*
 * Appends a message of the server for people: "12:01:07 <alice> hi" and a newline; a history has a
 * line for each of its messages. A line with the date comes before the first message of another
 * day. Control characters are escaped. text is the line of the message.
 */
void human_write(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span text);

#endif
