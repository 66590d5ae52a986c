#ifndef CLIENT_DRAFT_H
#define CLIENT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "chat/err.h"
#include "chat/json.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "client/via.h"
#include "text/buf.h"

/*
 * A message to be sent, which was checked: the bytes of the user, on one line. The values point
 * into body.
 */
struct draft {
	char *body; /* owned */
	size_t len;
	enum chat_type type; /* CHAT_TYPE_TEXT or CHAT_TYPE_FILE */
	struct chat_json_value text; /* valid for CHAT_TYPE_TEXT */
	bool has_nonce; /* the user gave one, and nonce is valid */
	struct chat_json_value nonce;
	bool has_reply_to; /* reply_to is valid */
	struct chat_json_value reply_to;
	bool has_way; /* the line has one of the members below, which chat_draft_wire() writes again
		       */
	bool has_via, has_hops; /* via, hops were given */
	struct chat_json_value via;
	char *origin; /* owned; the channel that `id` and `channel` name; NULL: none */
	unsigned hops; /* the number of programs that led to the message */
};

/*
 * Checks a line of JSON and copies it. A bare {"text":…} or {"file":…} gets its type. Returns -1
 * with the first error as chat_msg_read() does; with CHAT_BAD_MESSAGE for an invalid nonce, via or
 * hops, which chat_msg_read() ignores; or with CHAT_ALREADY_INITIALIZED for init, which the
 * membership sends itself.
 */
int chat_draft_read(struct draft *draft, struct chat_span line, struct chat_err *err);

/*
 * Makes a text message of these bytes. reply_to: the id of the message that it answers; NULL: none.
 * Returns -1 if they are not UTF-8 of 1 to 1,000 characters without U+0000.
 */
int chat_draft_text(
	struct draft *draft, struct chat_span text, const char *reply_to, struct chat_err *err);

void chat_draft_free(struct draft *draft);

/*
 * Returns true if the message must not be sent to a channel, because it has been there, or in as
 * many channels as `via` can name.
 */
bool chat_draft_has_been(const struct draft *draft, const struct via_here *here);

/*
 * Appends what is sent to a channel: the body without `via`, `hops`, `id` and `channel`, then `via`
 * and `hops` as they are there, and the nonce, of less than NONCE_SIZE bytes. nonce NULL: none is
 * added.
 */
void chat_draft_wire(const struct draft *draft, const char *nonce, const struct via_here *here,
	struct chat_buf *wire);

#endif
