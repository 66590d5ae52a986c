#ifndef SEND_DESTINATION_H
#define SEND_DESTINATION_H

#include "chat/err.h"
#include "chat/span.h"

/*
 * Checks the `channel` ("ops" or "/ops") of a line of JSON, which is a valid message. Returns 0, or
 * -1 with CHAT_BAD_MESSAGE if it names another channel than this one. In a line with an `id` it is
 * not checked: there it names the channel that the line comes from.
 */
int destination_check(struct chat_span line, const char *channel, struct chat_err *err);

#endif
