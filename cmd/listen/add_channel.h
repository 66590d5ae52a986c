#ifndef LISTEN_ADD_CHANNEL_H
#define LISTEN_ADD_CHANNEL_H

#include "chat/buf.h"
#include "chat/span.h"

/*
 * Replaces out by a line of JSON with `channel`, unless the line has one, and with `url`, in place
 * of one that the line has (url NULL: it is not changed). The other members stay as they are.
 */
void add_channel(struct chat_buf *out, struct chat_span line, const char *channel, const char *url);

#endif
