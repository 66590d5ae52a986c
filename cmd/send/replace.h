#ifndef SEND_REPLACE_H
#define SEND_REPLACE_H

#include "chat/buf.h"
#include "chat/span.h"

/*
 * A text with U+FFFD in place of what cannot be sent: bytes that are not UTF-8, as many at a time
 * as the beginning of a character has (Unicode, "maximal subparts"), and U+0000. A text that is
 * well is returned as it is; another one is written into out, which it replaces.
 */
struct chat_span replace_invalid(struct chat_buf *out, struct chat_span text);

#endif
