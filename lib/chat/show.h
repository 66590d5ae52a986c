#ifndef CHAT_SHOW_H
#define CHAT_SHOW_H

#include "chat/buf.h"
#include "chat/span.h"

/*
 * Appends untrusted text so that it is safe on a terminal, as one line. Control characters
 * (chat_utf8_is_control) become \n \t \x1b \u202e and so on, a byte that is not UTF-8 becomes \xff;
 * a backslash stays unchanged. Text beyond the limit of the buffer is left out.
 */
void chat_show(struct chat_buf *out, struct chat_span text);

/*
 * The same for a name, which must not look like another one: invisible characters
 * (chat_utf8_is_invisible) become escapes too, \u200b \U000e0001.
 */
void chat_show_name(struct chat_buf *out, struct chat_span name);

#endif
