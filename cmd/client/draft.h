#ifndef CLIENT_DRAFT_H
#define CLIENT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/buf.h"
#include "chat/err.h"
#include "chat/json.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/via.h"

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
	bool has_way; /* the line says where it comes from, in any of these */
	bool has_via, has_hops;
	struct chat_json_value via;
	char *origin; /* owned; the channel of the line's `id` and `channel`; NULL: it has none */
	unsigned hops; /* the programs that led to it; 0: none */
};

/*
 * Checks a line of JSON and keeps a copy. A bare {"text":…} or {"file":…} gets its type. -1 with
 * the first thing wrong as chat_msg_read tells it; init is refused: the connection says its own.
 */
int draft_read(struct draft *draft, struct chat_span line, struct chat_err *err);

/* A text message of these bytes, which must be UTF-8 of 1 to 1,000 characters without U+0000. */
int draft_text(struct draft *draft, struct chat_span text, struct chat_err *err);

void draft_free(struct draft *draft);

/*
 * Whether it must not be said in a channel: it has been there, or was carried as far as anything
 * is.
 */
bool draft_has_been(const struct draft *draft, const struct via_here *here);

/*
 * What goes on the wire into a channel: the body, but for what it says of where it comes from, and
 * before its last brace that, as it is to be said there, and a nonce where one is given.
 */
void draft_wire(const struct draft *draft, const char *nonce, const struct via_here *here,
	struct chat_buf *wire);

#endif
