#ifndef SERVE_CHANNEL_POST_H
#define SERVE_CHANNEL_POST_H

#include <stdint.h>

#include "chat/err.h"
#include "chat/msg.h"
#include "serve/channel/apply.h"

struct channel;

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

/* Returns the serial of the member that posts it; 0: none. */
uint64_t channel_post_sender(const struct channel_post *post);

/*
 * Appends a message to the channel. It is sent to every member when it is durable. If the sender
 * used the nonce before, no second message is made, and post->member is sent the first one again
 * (echo.h). Returns 0, or -1 with nonce_reused if the first message had another content, or with
 * rate_limited if too many echoes are owed.
 */
int channel_post(struct channel *channel, const struct channel_post *post, struct chat_err *err);

#endif
