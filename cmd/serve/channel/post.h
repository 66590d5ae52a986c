#ifndef SERVE_CHANNEL_POST_H
#define SERVE_CHANNEL_POST_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "chat/span.h"
#include "serve/channel/nonces.h"

/*
 * A message on its way into a channel. Spans are borrowed of the message that it is made of, and
 * those named _json are JSON values as they stood there; length 0: the property is absent.
 */
struct channel;
struct member;
struct user;

struct channel_post {
	struct user *user; /* the sender */
	struct member *member; /* the sender's connection, which gets echoes; NULL: none does */
	uint64_t owner; /* who is charged for the memory of its nonce (nonces.h) */
	struct chat_span content_json;
	struct chat_span nonce_json;
	struct chat_span nonce; /* decoded, in nonce_bytes; valid if nonce_json is present */
	struct chat_span reply_to_json;
	struct chat_span via_json;
	int64_t hops; /* 0: none */
	struct chat_span file_name_json, file_type_json, file_size_json, file_data_json;
	char nonce_bytes[NONCE_MAX];
};

/* Fills in the content, from content_json on, as spans of a text, a file or a message. */
void channel_post_fill(struct channel_post *post, const struct chat_msg *msg);

/*
 * Returns a hash of the content without the nonce, via and hops. It is the same for other escapes
 * of the same strings.
 */
uint64_t channel_post_digest(const struct channel_post *post);

/*
 * Appends a message to the channel; every member gets it once it is durable. If the sender has used
 * this nonce before, no second message is made, and post->member gets the first one again (echo.h).
 * Returns -1 with nonce_reused if the first message had another content, or with rate_limited if
 * too many echoes are owed.
 */
int channel_post(struct channel *channel, const struct channel_post *post, struct chat_err *err);

#endif
