#ifndef CHAT_TEXT_SHOW_H
#define CHAT_TEXT_SHOW_H

#include "chat/span.h"
#include "text/buf.h"

/*
 * Appends untrusted text as one line that is safe on a terminal. Control characters
 * (chat_utf8_is_control) are replaced by escapes such as \n \t \x1b \u202e, and a byte that is not
 * UTF-8 by its value, such as \xff. A backslash is unchanged. Text beyond the limit of the buffer
 * is left out.
 */
void chat_show(struct chat_buf *out, struct chat_span text);

/*
 * As chat_show, for a name, which must not look like another name: invisible characters
 * (chat_utf8_is_invisible) are also replaced by escapes such as \u200b \U000e0001.
 */
void chat_show_name(struct chat_buf *out, struct chat_span name);

#endif
