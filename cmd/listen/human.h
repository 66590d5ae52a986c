#ifndef LISTEN_HUMAN_H
#define LISTEN_HUMAN_H

#include <stdbool.h>

#include "buf.h"
#include "msg.h"
#include "span.h"

/*
 * A server message as people read it: "12:01:07 <alice> hi" and a newline; a history is as many
 * lines as it has messages. What strangers wrote is shown, never obeyed. text is the message's
 * line.
 */
void human_write(
	struct chat_buf *out, const struct chat_msg *msg, struct chat_span text, bool color);

#endif
