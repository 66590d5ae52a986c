#ifndef LISTEN_HUMAN_H
#define LISTEN_HUMAN_H

#include <stdbool.h>

#include "chat/msg.h"
#include "chat/span.h"
#include "text/buf.h"

/* The style of messages for people, and the day of the last message. */
struct human {
	bool color;
	bool live; /* messages are shown as they come; false: they are from a log */
	int day; /* the day of the last message, of the start if live; 0: none */
};

/* Initializes it. If live is true, no date is shown before the day changes. */
void human_begin(struct human *human, bool color, bool live);

/*
 * Appends a message of the server for people: "12:01:07 <alice> hi" and a newline. A history is one
 * line for each of its messages. Before the first message of another day there is a line with the
 * date. Control characters are escaped. text is the line of the message.
 */
void human_write(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span text);

#endif
