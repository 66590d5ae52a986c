#ifndef LISTEN_LABEL_H
#define LISTEN_LABEL_H

#include "chat/buf.h"
#include "chat/span.h"

/*
 * A line of JSON, an object that was checked, into out, which it replaces: with the channel that it
 * is from, if it names none, and with this URL (NULL: none) in place of one that it has. What it
 * holds is not changed otherwise.
 */
void label_line(struct chat_buf *out, struct chat_span line, const char *channel, const char *url);

#endif
