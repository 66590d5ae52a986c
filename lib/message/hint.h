#ifndef CHAT_MESSAGE_HINT_H
#define CHAT_MESSAGE_HINT_H

#include "chat/span.h"

/*
 * Returns a hint about a line that is not a message, or NULL. The hint is a static clause; it says
 * that the line is a part of JSON over several lines, or an array of messages.
 */
const char *chat_hint(struct chat_span line);

#endif
