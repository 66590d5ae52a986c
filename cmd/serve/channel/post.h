#ifndef SERVE_CHANNEL_POST_H
#define SERVE_CHANNEL_POST_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "serve/channel/nonces.h"

/*
 * A message that is to be posted to a channel. Spans are borrowed from the message that the client
 * sent. Spans named _json are JSON values, copied unchanged; length 0: the property is absent.
 */
struct channel;
struct member;
struct user;

struct channel_post {
	struct user *user; /* the sender */
	struct member *member; /* the member that posts it, which is sent echoes; NULL: none */
	uint64_t owner; /* the memory of the nonce counts for this owner (nonces.h) */
	struct chat_span content_json;
	struct chat_span nonce_json;
	struct chat_span nonce; /* decoded, in nonce_bytes; valid if nonce_json is present */
	struct chat_span reply_to_json;
	struct chat_span via_json;
	int64_t hops; /* 0: absent */
	struct chat_span file_name_json, file_type_json, file_size_json, file_data_json;
	char nonce_bytes[NONCE_MAX];
};

/*
 * Sets the fields from content_json on. They refer to msg, a text, a file or a `message`, which
 * must stay valid.
 */
void channel_post_fill(struct channel_post *post, const struct chat_msg *msg);

/*
 * Returns a hash of the message without nonce, via and hops. The hash does not depend on how
 * strings are escaped.
 */
uint64_t channel_post_digest(const struct channel_post *post);

/*
 * Appends a message to the channel. It is sent to every member when it is durable. If the sender
 * used the nonce before, no second message is made, and post->member is sent the first one again
 * (echo.h). Returns 0, or -1 with nonce_reused if the first message had another content, or with
 * rate_limited if too many echoes are owed.
 */
int channel_post(struct channel *channel, const struct channel_post *post, struct chat_err *err);

#endif
