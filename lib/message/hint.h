#ifndef CHAT_MESSAGE_HINT_H
#define CHAT_MESSAGE_HINT_H

#include "chat/span.h"

/*
 * What helps whoever wrote this line, which is no message: that it is a part of JSON laid out over
 * several lines, or an array of messages. A clause, static; NULL where nothing helps.
 */
const char *chat_hint(struct chat_span line);

#endif
