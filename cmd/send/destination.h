#ifndef SEND_DESTINATION_H
#define SEND_DESTINATION_H

#include "chat/err.h"
#include "chat/span.h"

/*
 * Whether a line of JSON that was checked wants to be said in this channel. It may name one:
 * `channel`, "ops" or "/ops". Beside an `id` that says where the line comes from, not where it is
 * to go. -1 with CHAT_BAD_MESSAGE where it names another one, for there is one connection.
 */
int destination_check(struct chat_span line, const char *channel, struct chat_err *err);

#endif
