#ifndef LISTEN_HUMAN_H
#define LISTEN_HUMAN_H

#include <stdbool.h>

#include "chat/msg.h"
#include "chat/span.h"
#include "listen/human_text.h"
#include "text/buf.h"

/* The style of messages for people, and the day of the last message. */
struct human {
	bool color;
	bool live; /* messages are shown as they come; false: they are from a log */
	int day; /* the day of the last message, of the start if live; 0: none */
	int terminal_fd; /* its width is asked for before each message; -1: none */
	struct human_text layout;
};

/*
 * Initializes it. If live is true, no date is shown before the day changes. Lines are broken at the
 * width of the terminal fd, if it is one.
 */
void human_begin(struct human *human, bool color, bool live, int fd);
void human_end(struct human *human);

/*
 * Appends a message of the server for people: "12:01:07 <alice> hi" and a newline. A history is one
 * line for each of its messages. Before the first message of another day there is a line with the
 * date.
 *
 * No text of other people can look like a line of ours: only ours begin in the first column, as the
 * further lines of a text are indented; and control characters, and those that delimit a name, are
 * escaped in it. where: the channel or URL, shown after the time; empty: none. text is the line of
 * the message.
 */
void human_write(struct human *human, struct chat_buf *out, const struct chat_msg *msg,
	struct chat_span where, struct chat_span text);

#endif
