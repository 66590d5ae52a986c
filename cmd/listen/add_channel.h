#ifndef LISTEN_ADD_CHANNEL_H
#define LISTEN_ADD_CHANNEL_H

#include "chat/span.h"
#include "text/buf.h"

/*
 * Replaces the content of out with the line and adds `channel`, unless the line has one. Also sets
 * `url`, unless url is NULL. All other members stay as they are. A line that is no object of JSON
 * is copied unchanged.
 */
void add_channel(struct chat_buf *out, struct chat_span line, const char *channel, const char *url);

#endif
