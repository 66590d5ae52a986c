#ifndef CHAT_MESSAGE_HINT_H
#define CHAT_MESSAGE_HINT_H

#include "chat/span.h"

/*
 * Returns a hint about a line that is not a message: that it is part of JSON over several lines, or
 * an array of messages. The hint is a clause, static; NULL if there is none.
 */
const char *chat_hint(struct chat_span line);

#endif
