#ifndef CLIENT_DRAFT_H
#define CLIENT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "err.h"
#include "json.h"
#include "msg.h"
#include "span.h"

/*
 * A message to be sent, checked: the user's own bytes, one line. The values point into body.
 */
struct draft {
	char *body; /* owned */
	size_t len;
	enum chat_type type; /* CHAT_TYPE_TEXT or CHAT_TYPE_FILE */
	struct chat_json_value text; /* CHAT_TYPE_TEXT */
	bool has_nonce; /* the user's own */
	struct chat_json_value nonce;
	bool has_reply_to;
	struct chat_json_value reply_to;
	unsigned hops; /* from bot to bot that led to it; goes into the nonce that is made for it */
};

/*
 * Checks a line of JSON and keeps a copy. A bare {"text":…} or {"file":…} gets its type. -1 with
 * the first thing wrong as chat_msg_read tells it; init is refused: the connection says its own.
 */
int draft_read(struct draft *draft, struct chat_span line, struct chat_err *err);

/* A text message of these bytes, which must be UTF-8 of 1 to 1,000 characters without U+0000. */
int draft_text(struct draft *draft, struct chat_span text, struct chat_err *err);

void draft_free(struct draft *draft);

/* What goes on the wire: the body, with a nonce before its last brace where one is given. */
void draft_wire(const struct draft *draft, const char *nonce, struct chat_buf *wire);

#endif
