#ifndef CHAT_TEXT_JSON_QUOTE_H
#define CHAT_TEXT_JSON_QUOTE_H

#include "text/buf.h"

/* Appends text, which must be valid UTF-8, as a JSON string with quotes. */
void chat_json_quote(struct chat_buf *out, struct chat_span text);

#endif
