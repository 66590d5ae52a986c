#ifndef CHAT_SHOW_H
#define CHAT_SHOW_H

#include "chat/buf.h"
#include "chat/span.h"

/*
 * Appends text from anywhere as a terminal may have it, on one line: control characters and
 * bidirectional controls (chat_utf8_is_control) are spelled \n \t \x1b \u202e, a byte that is not
 * UTF-8 \xff; a backslash stays one. What would pass the buffer's limit is left out, with all that
 * follows it.
 */
void chat_show(struct chat_buf *out, struct chat_span text);

/*
 * The same for a name, by which people tell each other apart: invisible characters
 * (chat_utf8_is_invisible) are spelled too, \u200b \U000e0001.
 */
void chat_show_name(struct chat_buf *out, struct chat_span name);

#endif
